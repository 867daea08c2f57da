/** The program `oobm-router`, of one address: `oobm-router ADDRESS` runs until it is ended, `oobm-router --clean ADDRESS` undoes all. */
import { readFileSync } from 'node:fs'
import { isIP } from 'node:net'
import { join } from 'node:path'
import { provisioningDirectory } from '../formats/directories.ts'
import { routerRuntimeDirectory, routerSpecName, routerStateDirectory } from '../formats/router.ts'
import { systemClock } from '../runtime/clock.ts'
import { EXIT, errorMessage } from '../runtime/errors.ts'
import { createLog } from '../runtime/log.ts'
import { parsePasswd } from '../runtime/passwd.ts'
import { runMain } from '../runtime/run-main.ts'
import { serviceManager } from '../runtime/systemd.ts'
import { clean } from './applied.ts'
import { Router } from './run-router.ts'
import { readSpec } from './settings.ts'
import { watchKernel } from './watch-kernel.ts'

/** Milliseconds between two looks at everything, whatever was heard, and at what costs nothing. */
const LOOK_MS = 10_000
const GLANCE_MS = 1_000
/** The user of dnsmasq. */
const DNS_USER = 'oobm-dhcp'

const log = createLog('oobm-router')

void runMain(
  async signal => {
    const args = process.argv.slice(2)
    const address = args.at(-1) ?? ''
    if (isIP(address) !== 4 || args.length > 2 || (args.length === 2 && args[0] !== '--clean')) {
      process.stderr.write(
        'usage: oobm-router [--clean] ADDRESS; systemd starts it: systemctl status oobm-router@ADDRESS\n',
      )
      return EXIT.usage
    }
    const { env } = process
    const folder = join(routerRuntimeDirectory(env), address)
    if (args.length === 2) {
      await clean(folder, address)
      return EXIT.ok
    }
    const router = await Router.start({
      spec: readSpec(join(provisioningDirectory(env), routerSpecName(address))),
      env,
      folder,
      state: routerStateDirectory(env),
      leases: join(env.OOBM_DHCP_RUNTIME_DIRECTORY ?? '/run/oobm-dhcp', address),
      supervisor: env.OOBM_RUNTIME_DIRECTORY ?? '/run/oobm',
      dnsUid: parsePasswd(readFileSync('/etc/passwd', 'utf8')).find(({ name }) => name === DNS_USER)?.uid,
      clock: systemClock,
      log,
    })
    const systemd = serviceManager(
      env,
      () => systemClock.nowMs(),
      err => log.warn({ cause: errorMessage(err) }, 'systemd'),
    )
    let isDue = true
    watchKernel(() => {
      isDue = true
    }, signal)
    let nextMs = 0
    let isReady = false
    while (!signal.aborted) {
      if (isDue || systemClock.nowMs() >= nextMs || router.hasMoved()) {
        isDue = false
        nextMs = systemClock.nowMs() + LOOK_MS
        await router.settle(signal)
        if (!isReady) systemd.ready()
        isReady = true
      }
      systemd.progress()
      await systemClock.sleep(GLANCE_MS, signal)
    }
    await router.end()
    return EXIT.ok
  },
  { onDefect: err => log.fatal({ err }, 'ended by a defect') },
)
