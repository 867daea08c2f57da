/** Runs the watch of wireless interfaces where a test starts it, such as in a network namespace: `watch.ts SYSFS DIR`, one line of JSON for each look. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { createLog } from '../../../runtime/log.ts'
import { readUplinks } from '../../network/uplink.ts'
import { applyDesk } from '../ask-apply.ts'
import { watchWifi } from '../watch-wifi.ts'

/** Times by which time goes faster: a look three times in two seconds. */
const HASTE = 20
const [sysfs = '', directory = ''] = process.argv.slice(2)
const clock = {
  nowMs: () => performance.now() * HASTE,
  wallMs: () => Date.now(),
  sleep: async (ms: number) => void (await setTimeout(ms / HASTE)),
}

await watchWifi({
  ...{ sysfs, provisioningDirectory: directory, stateDirectory: directory, desk: applyDesk(process.env) },
  ...{
    tunnelAddress: () => undefined,
    /** What a test writes there. */
    hotspot: () => readFile(join(directory, 'hotspot'), 'utf8').catch(() => undefined),
    uplinks: readUplinks,
    mayReboot: true,
    clock,
    log: createLog('watch'),
  },
  signal: new AbortController().signal,
  onChange: recoveries => process.stdout.write(`look ${JSON.stringify(recoveries)}\n`),
})
