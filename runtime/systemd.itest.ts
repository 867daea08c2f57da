/** The real systemd-notify, one that hangs, and a process that cannot start any. */
import { chmod, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { startProgram } from '../testbed/run-program.ts'
import { scratchDirectory } from '../testbed/scratch.ts'
import { suite, type TestContext } from '../testbed/suite.ts'
import { waitFor } from '../testbed/wait-for.ts'

const test = suite('systemd, its program')
const SYSTEMD_TS = join(import.meta.dirname, 'systemd.ts')

/** Runs TypeScript that has `manager` and `errors`, in a process that a service manager started. */
function start(context: TestContext, env: NodeJS.ProcessEnv, script: string) {
  const text = `
    import { openSync } from 'node:fs'
    import { setTimeout as delay } from 'node:timers/promises'
    import { serviceManager } from '${SYSTEMD_TS}'
    const errors = []
    const manager = serviceManager(process.env, () => performance.now(), err => errors.push(String(err)))
    ${script}`
  const program = startProgram(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', text], {
    cwd: join(import.meta.dirname, '..'),
    env: { WATCHDOG_USEC: '3000000', NOTIFY_SOCKET: '/nonexistent', ...env },
  })
  context.cleanup(() => program.stop())
  context.onFailure(program.output)
  return program
}

test('the real program says all of it', async context => {
  const folder = await scratchDirectory(context)
  const socket = join(folder, 'notify')
  const systemd = startProgram('socat', ['-u', `UNIX-RECV:${socket}`, 'STDOUT'])
  context.cleanup(() => systemd.stop())
  await waitFor('the socket', async () => (await readdir(folder)).includes('notify'))
  start(
    context,
    { NOTIFY_SOCKET: socket },
    `manager.ready()
     manager.extendWatchdog(9_000)
     manager.status('ready: proved')
     setInterval(() => manager.progress(), 100)`,
  )
  await systemd.says(/READY=1[\s\S]*WATCHDOG_USEC=9000000[\s\S]*STATUS=ready: proved[\s\S]*WATCHDOG=1/, 30_000)
})

test('one that hangs is ended, and there is never a second beside it', async context => {
  const folder = await scratchDirectory(context)
  const log = join(folder, 'log')
  const program = join(folder, 'systemd-notify')
  await writeFile(program, `#!/bin/sh\necho "$$ $*" >>${log}\nexec sleep 600\n`)
  await chmod(program, 0o755)
  const daemon = start(
    context,
    { PATH: `${folder}:${process.env.PATH}` },
    `manager.status('one')
     setInterval(() => {
       manager.progress()
       if (errors.length > 0) console.log('said: ' + errors[0])
     }, 50)`,
  )
  await daemon.says(/said: Error: systemd-notify: no end after 10 s/, 30_000)
  const pids = await waitFor('the next try', async () => {
    const lines = (await readFile(log, 'utf8')).trim().split('\n')
    return lines.length > 1 ? lines.map(line => Number(line.split(' ')[0])) : undefined
  })
  assert.throws(() => process.kill(pids[0] as number, 0), /ESRCH/)
  await daemon.stop()
  for (const pid of pids.slice(1)) process.kill(pid, 'SIGKILL')
})

test('without descriptors a daemon goes on, whatever it wants to tell', async context => {
  const daemon = start(
    context,
    {},
    `const taken = []
     try { for (;;) taken.push(openSync('/dev/null')) } catch {}
     manager.ready()
     await delay(200)
     manager.status('x')
     for (let i = 0; i < 15; i++) { manager.progress(); await delay(100) }
     console.log('alive: ' + errors[0])`,
  )
  await daemon.says(/alive: Error: spawn systemd-notify EMFILE/, 30_000)
})

test.run()
