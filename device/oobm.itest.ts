import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import type { SupervisorStatus } from '../formats/status-file.ts'
import { heartbeatNow } from '../runtime/boot-clock.ts'
import { EXIT } from '../runtime/errors.ts'
import { device, minimal, statusNow } from '../supervisor/testing/device.ts'
import { makeKey } from '../testbed/make-key.ts'
import { startProgram } from '../testbed/run-program.ts'
import { suite } from '../testbed/suite.ts'
import { waitFor } from '../testbed/wait-for.ts'
import { assertPrinted } from './testing/printed.ts'

const test = suite('oobm')
const SLOW = { timeoutMs: 120_000 }

type Attempt = NonNullable<SupervisorStatus['proof']['attempt']>

test(
  'status: 0 when a technician can get in, 1 when not, 69 when nothing runs',
  async context => {
    const { oobm, writeStatus } = await device(context)
    const none = await oobm('status')
    assert.is(none.code, EXIT.unavailable)
    assert.match(none.stdout, /^not running {2}oobm-supervisor is not running: there is no .*status\.json/)
    await writeStatus()
    const ready = await oobm('status')
    assert.is(ready.code, EXIT.ok, ready.stderr)
    assert.match(ready.stdout, /^ready {2}proved \d+ s ago/)
    await writeStatus({ state: 'stale' })
    assert.is((await oobm('status')).code, EXIT.failed)
    await writeStatus({ state: 'no-console', cause: 'core-sw1: unplugged' })
    const unplugged = await oobm('status')
    assert.is(unplugged.code, EXIT.ok, 'a technician can get in')
    assert.match(unplugged.stdout, /^no-console {2}proved .*\n.*\n +cause +core-sw1: unplugged/)
  },
  SLOW,
)

test(
  'status --state: the state alone for scripts, and nothing where nobody knows it',
  async context => {
    const { oobm, writeStatus } = await device(context)
    const none = await oobm('status', '--state')
    assert.equal([none.code, none.stdout], [EXIT.unavailable, ''])
    assert.match(none.stderr, /^oobm-supervisor is not running/)
    await writeStatus()
    assert.equal(await oobm('status', '--state').then(({ code, stdout }) => [code, stdout]), [EXIT.ok, 'ready\n'])
    await writeStatus({ state: 'stale' })
    const stale = await oobm('status', '--state')
    assert.equal([stale.code, stale.stdout], [EXIT.failed, 'stale\n'])
    const { bootId, uptimeMs } = heartbeatNow()
    await writeStatus({ pid: 1, heartbeat: { bootId, uptimeMs: uptimeMs - 60_000 } })
    const silent = await oobm('status', '--state')
    assert.equal([silent.code, silent.stdout], [EXIT.unavailable, ''])
    assert.is((await oobm('status', '--state', '--json')).code, EXIT.usage)
  },
  SLOW,
)

test(
  'status --proved and --in-use: what an upgrade asks before it keeps a system, or restarts a daemon',
  async context => {
    const { oobm, writeStatus } = await device(context)
    const ask = async (option: string) => {
      const { code, stdout } = await oobm('status', option)
      return [code, stdout]
    }
    assert.equal(await ask('--proved'), [EXIT.unavailable, ''])
    assert.equal(await ask('--in-use'), [EXIT.ok, ''])
    await writeStatus({ state: 'maintenance', sessions: { shell: 1, console: 0 } })
    assert.equal(await ask('--proved'), [EXIT.ok, ''])
    assert.equal(await ask('--in-use'), [EXIT.ok, 'oobm-supervisor\n'])
    await writeStatus({ state: 'unproved' })
    assert.equal(await ask('--proved'), [EXIT.failed, ''])
  },
  SLOW,
)

test(
  'status: a file that a dead daemon left is never the truth',
  async context => {
    const { oobm, writeStatus } = await device(context)
    const gone = startProgram('true', [])
    await waitFor('the process to end', gone.ended)
    await writeStatus({ pid: gone.pid })
    const dead = await oobm('status', '--json')
    assert.is(dead.code, EXIT.unavailable)
    const { supervisor } = JSON.parse(dead.stdout) as {
      supervisor: { running: boolean; problem: string; status: unknown }
    }
    assert.equal([supervisor.running, supervisor.status], [false, null])
    assert.match(supervisor.problem, 'it ended without removing')
    await assertPrinted('status', dead.stdout)
  },
  SLOW,
)

test(
  'a supervisor or a bridge that hangs: each command says so in one line, and exits 69',
  async context => {
    const { oobm, writeStatus, consoleRuntime } = await device(context)
    const { bootId, uptimeMs } = heartbeatNow()
    const heartbeat = { bootId, uptimeMs: uptimeMs - 60_000 }
    // The first process has been there since the boot.
    await writeStatus({ pid: 1, heartbeat })
    const bridge = { version: 1, software: '1.2.3', pid: 1, heartbeat, port: 1, consoles: [] }
    await writeFile(join(consoleRuntime, 'status.json'), JSON.stringify(bridge))
    const rows: [args: string[], says: RegExp][] = [
      [['status'], /^not answering {2}oobm-supervisor has not answered for 1 min; its process 1 still runs$/m],
      [['status'], /^not answering {2}oobm-console has not answered for 1 min/m],
      [['status', '--json'], /"supervisor":{"running":false,"problem":"oobm-supervisor has not.*","status":null}/],
      [['led'], /^Now: the LED stays on or off\. oobm-supervisor has not answered for 1 min/m],
      [
        ['led', 'stale'],
        /^oobm-supervisor has not answered for 1 min.*\nRestart it with: sudo systemctl restart oobm-su/,
      ],
      [['test'], /^oobm-supervisor has not answered for 1 min/],
      [['doctor'], /^WRONG +supervisor +oobm-supervisor has not answered for 1 min/m],
      [
        ['console', 'list'],
        /^oobm-console has not answered for 1 min.*\nRestart it with: sudo systemctl restart oobm-con/,
      ],
    ]
    for (const [args, says] of rows) {
      const { code, stdout, stderr } = await oobm(...args)
      assert.is(code, EXIT.unavailable, args.join(' '))
      assert.match(stdout + stderr, says)
      assert.not.match(stdout, />.*ready|^ready|Now: ready/m)
      assert.not.match(stderr, / at /)
    }
  },
  SLOW,
)

test(
  'test: asks the supervisor, and explains each step',
  async context => {
    const { oobm, writeStatus, runtime } = await device(context)
    const request = join(runtime, 'request/test')
    const answerWith = async (attempt: Omit<Attempt, 'at'>) => {
      await waitFor('the request', () =>
        readFile(request, 'utf8')
          .catch(() => undefined)
          .then(text => text !== undefined),
      )
      await rm(request)
      await writeStatus({ proof: { ...statusNow().proof, attempt: { at: Date.now() + 200, ...attempt } } })
    }
    assert.is((await oobm('test')).code, EXIT.unavailable)
    await writeStatus({ proof: { ...statusNow().proof, attempt: { at: 1, ok: true, tookMs: 0, steps: [] } } })
    const steps = [
      { name: 'connect', ok: true, detail: 'a second connection to the relay', tookMs: 90.4 },
      { name: 'marker', ok: true, detail: 'the file appeared', tookMs: 10 },
    ]
    const [proved] = await Promise.all([oobm('test'), answerWith({ ok: true, tookMs: 100, steps })])
    assert.is(proved.code, EXIT.ok, proved.stderr)
    assert.match(proved.stdout, /ok {2}connect +90 ms {2}a second connection to the relay\n.*proved in 100 ms/s)
    const broken = steps.map(step => ({ ...step, ok: step.name === 'connect' }))
    const [failed] = await Promise.all([oobm('test'), answerWith({ ok: false, tookMs: 100, steps: broken })])
    assert.is(failed.code, EXIT.failed)
    assert.match(failed.stdout, 'not proved: the step "marker" failed')
  },
  SLOW,
)

test(
  'test: ends when the supervisor hangs while it waits',
  async context => {
    const { oobm, writeStatus } = await device(context)
    const { bootId, uptimeMs } = heartbeatNow()
    await writeStatus({ pid: 1, heartbeat: { bootId, uptimeMs: uptimeMs - 8_000 } })
    const { code, stderr } = await oobm('test')
    assert.is(code, EXIT.unavailable)
    assert.match(stderr, /^oobm-supervisor has not answered for 1\d s/)
  },
  SLOW,
)

test(
  'test: does not wait for ever, and takes its request back',
  async context => {
    const { oobm, writeStatus, runtime } = await device(context)
    await writeStatus({ state: 'no-relay', cause: 'ECONNREFUSED' })
    const { code, stderr } = await oobm('test', '--timeout', '0.5')
    assert.is(code, EXIT.failed)
    assert.match(stderr, 'no self-test ran within 0.5 s. The state is no-relay: ECONNREFUSED')
    assert.is(await readFile(join(runtime, 'request/test')).catch(() => undefined), undefined)
  },
  SLOW,
)

test(
  'led: the table, the state that shows, a lamp test, and off',
  async context => {
    const { oobm, writeStatus, runtime, directory, configure } = await device(context)
    const without = await oobm('led')
    assert.is(without.code, EXIT.unavailable)
    assert.match(without.stdout, /^Now: the LED is dark\. oobm-supervisor is not running: there is no /m)
    assert.match(without.stdout, 'no-console    seven flashes, then a pause')
    assert.is((await oobm('led', 'ready')).code, EXIT.unavailable)
    await writeStatus({ state: 'duplicate' })
    assert.match((await oobm('led')).stdout, /> duplicate +five flashes, then a pause\n.*Now: duplicate/s)
    assert.is((await oobm('led', 'ready')).code, EXIT.ok)
    assert.is(await readFile(join(runtime, 'request/led'), 'utf8'), 'ready\n')
    const wrong = await oobm('led', 'purple')
    assert.is(wrong.code, EXIT.usage)
    assert.match(wrong.stderr, /STATE "purple" is not one of unconfigured, .*in-use/)
    const key = await makeKey(directory, 'key')
    const led = join(directory, 'led')
    await writeFile(led, 'ready\n')
    await configure(minimal(key.publicKey, { led: { backend: 'file', path: led } }))
    assert.is((await oobm('led', '--off')).code, EXIT.ok)
    assert.is(await readFile(led, 'utf8'), 'off\n')
  },
  SLOW,
)

test(
  'a command line that makes no sense is answered with how it is meant',
  async context => {
    const { oobm } = await device(context)
    const rows: [string[], RegExp][] = [
      [[], /^oobm: no command given\n/],
      [['frobnicate'], /^oobm: unknown command "frobnicate"; see "oobm --help"$/m],
      [['status', '--yaml'], /^oobm status: unknown option "--yaml"; see "oobm status --help"$/m],
      [['status', 'now'], /unexpected argument "now"/],
      [['test', '--timeout', 'soon'], /"soon" is not a number of seconds/],
      [['console', 'list', 'x'], /^oobm console list: unexpected argument "x"/],
      [['console', 'open'], /^oobm console: unknown command "open"/],
    ]
    for (const [args, message] of rows) {
      const { code, stderr } = await oobm(...args)
      assert.is(code, EXIT.usage, args.join(' '))
      assert.match(stderr, message)
    }
    assert.match((await oobm('--version')).stdout, /^\d+\.\d+\.\d+\n$/)
    assert.match((await oobm('help')).stdout, /^usage: oobm COMMAND/)
  },
  SLOW,
)

test.run()
