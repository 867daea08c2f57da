import { chmod, mkdir, readFile, rm, utimes, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import type { DeviceConfigInput } from '../runtime/device-config.ts'
import { EXIT } from '../runtime/errors.ts'
import type { SupervisorStatus } from '../runtime/status-file.ts'
import { stringifyToml } from '../runtime/toml-file.ts'
import { writeAtomically } from '../runtime/write-atomically.ts'
import { freePort } from '../testbed/free-port.ts'
import { makeKey } from '../testbed/make-key.ts'
import { runProgram, startProgram } from '../testbed/run-program.ts'
import { scratchDirectory } from '../testbed/scratch.ts'
import { type Sshd, startSshd } from '../testbed/sshd.ts'
import { waitFor } from '../testbed/wait-for.ts'
import { suite, type TestContext } from '../tools/suite.ts'

const test = suite('oobm')
const ROOT = join(import.meta.dirname, '..')
const SLOW = { timeoutMs: 120_000 }

type Attempt = NonNullable<SupervisorStatus['proof']['attempt']>

/** The directories of a device, and `oobm` run on them. */
async function device(context: TestContext) {
  const directory = await scratchDirectory(context)
  const runtime = join(directory, 'run')
  const consoleRuntime = join(directory, 'run-console')
  const credentials = join(directory, 'credentials')
  for (const each of [runtime, join(runtime, 'request'), consoleRuntime, credentials]) await mkdir(each)
  const env: NodeJS.ProcessEnv = {
    RUNTIME_DIRECTORY: runtime,
    OOBM_CONSOLE_RUNTIME_DIRECTORY: consoleRuntime,
    CREDENTIALS_DIRECTORY: credentials,
    OOBM_CONFIG: join(directory, 'device.toml'),
  }
  const options = { cwd: ROOT, env, timeoutMs: 90_000 }
  return {
    ...{ directory, runtime, consoleRuntime, credentials, env },
    oobm: (...args: string[]) =>
      runProgram(process.execPath, ['--import', 'tsx', 'supervisor/oobm.ts', ...args], options),
    /** What a supervisor writes; this process stands for it. */
    writeStatus: (changes: Partial<SupervisorStatus> = {}) =>
      writeAtomically(join(runtime, 'status.json'), JSON.stringify({ ...statusNow(), ...changes }), 0o644),
    configure: (config: DeviceConfigInput) => writeFile(join(directory, 'device.toml'), stringifyToml(config)),
  }
}

function statusNow(): SupervisorStatus {
  const nowMs = Date.now()
  return {
    version: 1,
    device: 'tokyo-rack1',
    software: '1.2.3',
    pid: process.pid,
    word: 'ready',
    cause: 'proved',
    since: nowMs,
    relay: { host: 'relay.example.net', port: 443 },
    connectedAt: nowMs,
    proof: { provedAt: nowMs, tookMs: 400, attempt: null, probeMs: 45 },
    sessions: { shell: 0, console: 0 },
    retryAt: null,
    changes: [],
  }
}

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
    await writeStatus({ word: 'stale' })
    assert.is((await oobm('status')).code, EXIT.failed)
  },
  SLOW,
)

test(
  'status: a file that a dead daemon left is never the truth',
  async context => {
    const { oobm, writeStatus, runtime } = await device(context)
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
    // Its number was given to another process since: this one is younger than the file.
    const reused = startProgram('sleep', ['600'])
    context.cleanup(() => reused.stop())
    await writeStatus({ pid: reused.pid })
    const longAgo = new Date(Date.now() - 3_600_000)
    await utimes(join(runtime, 'status.json'), longAgo, longAgo)
    assert.is((await oobm('status')).code, EXIT.unavailable)
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
      await writeStatus({ proof: { ...statusNow().proof, attempt: { at: Date.now(), ...attempt } } })
    }
    assert.is((await oobm('test')).code, EXIT.unavailable)
    await writeStatus({ proof: { ...statusNow().proof, attempt: { at: 1, ok: true, steps: [] } } })
    const steps = [
      { name: 'connect', ok: true, detail: 'a second connection to the relay', tookMs: 90.4 },
      { name: 'marker', ok: true, detail: 'the file appeared', tookMs: 10 },
    ]
    const [proved] = await Promise.all([oobm('test'), answerWith({ ok: true, steps })])
    assert.is(proved.code, EXIT.ok, proved.stderr)
    assert.match(proved.stdout, /ok {5}connect +90 ms {2}a second connection to the relay\n.*proved in 100 ms/s)
    const broken = steps.map(step => ({ ...step, ok: step.name === 'connect' }))
    const [failed] = await Promise.all([oobm('test'), answerWith({ ok: false, steps: broken })])
    assert.is(failed.code, EXIT.failed)
    assert.match(failed.stdout, 'not proved: it stops at "marker"')
  },
  SLOW,
)

test(
  'test: does not wait for ever, and takes its request back',
  async context => {
    const { oobm, writeStatus, runtime } = await device(context)
    await writeStatus({ word: 'no-relay', cause: 'ECONNREFUSED' })
    const { code, stderr } = await oobm('test', '--timeout', '0.5')
    assert.is(code, EXIT.failed)
    assert.match(stderr, 'no self-test ran within 0.5 s. The supervisor says: no-relay, ECONNREFUSED')
    assert.is(await readFile(join(runtime, 'request/test')).catch(() => undefined), undefined)
  },
  SLOW,
)

test(
  'led: the table, the word that shows, a lamp test, and off',
  async context => {
    const { oobm, writeStatus, runtime, directory, configure } = await device(context)
    const without = await oobm('led')
    assert.is(without.code, EXIT.ok)
    assert.match(without.stdout, 'the supervisor is not running, so the LED is dark')
    assert.is((await oobm('led', 'ready')).code, EXIT.unavailable)
    await writeStatus({ word: 'duplicate' })
    assert.match((await oobm('led')).stdout, /> duplicate +five flashes, then a pause\n.*Now: duplicate/s)
    assert.is((await oobm('led', 'ready')).code, EXIT.ok)
    assert.is(await readFile(join(runtime, 'request/led'), 'utf8'), 'ready\n')
    const wrong = await oobm('led', 'purple')
    assert.is(wrong.code, EXIT.usage)
    assert.match(wrong.stderr, /"purple" is no word of the LED: unconfigured .*in-use/)
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
      [[], /what shall it do\?/],
      [['frobnicate'], /there is no "oobm frobnicate"/],
      [['status', '--yaml'], /Unknown option '--yaml'\nusage: oobm status \[--json\]/],
      [['status', 'now'], /"now" is too much/],
      [['test', '--timeout', 'soon'], /"soon" is not a number of seconds/],
      [['console', 'list', 'x'], /"x" is too much/],
      [['console', 'open'], /there is no "oobm console open"/],
    ]
    for (const [args, message] of rows) {
      const { code, stderr } = await oobm(...args)
      assert.is(code, EXIT.usage, args.join(' '))
      assert.match(stderr, message)
    }
    assert.match((await oobm('--version')).stdout, /^\d+\.\d+\.\d+\n$/)
    assert.match((await oobm('help')).stdout, 'oobm doctor')
  },
  SLOW,
)

test(
  'doctor: finds nothing wrong where nothing is, but for what is not there',
  async context => {
    const field = await doctorField(context)
    const { code, findings } = await field.doctor()
    const wrong = findings.filter(({ result }) => result === 'wrong').map(({ what }) => what)
    assert.equal(wrong, ['consoles'], JSON.stringify(findings, null, 1))
    assert.is(code, EXIT.failed)
    const fine = findings.filter(({ result }) => result === 'ok').map(({ what }) => what)
    for (const what of [
      'configuration',
      'relay 127.0.0.1 host key',
      'own sshd host key',
      'console bridge host key',
      'LED',
    ]) {
      assert.ok(fine.includes(what), `${what} of ${fine.join(', ')}`)
    }
  },
  SLOW,
)

test(
  'doctor: names each thing that is wrong',
  async context => {
    const field = await doctorField(context)
    const portal = createServer(socket => void socket.end('HTTP/1.1 302 Found\r\n'))
    await new Promise<void>(resolve => portal.listen(0, '127.0.0.1', resolve))
    context.cleanup(() => new Promise(resolve => portal.close(resolve)))
    const portalPort = (portal.address() as { port: number }).port
    const other = await makeKey(field.directory, 'other')
    const relay = { user: 'oobm', hostKeys: [other.publicKey] }
    await field.configure({
      ...field.config,
      relays: [
        { ...relay, host: '127.0.0.1', port: field.sshd.port },
        { ...relay, host: '127.0.0.1', port: await freePort() },
        { ...relay, host: '127.0.0.1', port: portalPort },
        { ...relay, host: 'no-such-host.invalid' },
      ],
      consoles: [{ name: 'core-sw1', path: '/dev/ttyUSB77' }],
      selftest: { user: 'no-such-account' },
      led: { backend: 'kernel', led: 'no-such-led' },
    })
    await chmod(join(field.credentials, 'relay_key'), 0o644)
    const { code, findings } = await field.doctor()
    assert.is(code, EXIT.failed)
    const found = findings.filter(({ result }) => result === 'wrong').map(({ what, detail }) => `${what}: ${detail}`)
    for (const expected of [
      /^secret relay_key: .* may be read by others/,
      /^self-test account: there is no account no-such-account/,
      /^console core-sw1: there is no \/dev\/ttyUSB77/,
      /^LED: kernel LED no-such-led cannot be used/,
      /^relay 127\.0\.0\.1 host key: is another one \(ssh-ed25519\)/,
      /^relay 127\.0\.0\.1 port: .* does not open: ECONNREFUSED/,
      /^relay 127\.0\.0\.1 SSH: .* is no SSH server: it opens and says "HTTP\/1\.1 302 Found"/,
      /^relay no-such-host\.invalid name: does not resolve/,
    ]) {
      assert.ok(
        found.some(line => expected.test(line)),
        `${expected} in\n${found.join('\n')}`,
      )
    }
    assert.ok(findings.every(({ result, remedy }) => result !== 'wrong' || remedy !== ''))
  },
  SLOW,
)

test(
  'doctor: a configuration with mistakes is shown line by line, and the rest is still looked at',
  async context => {
    const { doctor, env } = await doctorField(context)
    await writeFile(env.OOBM_CONFIG ?? '', 'version = 1\ndevice = "A B"\ncolour = "red"\n')
    const { findings } = await doctor()
    const details = findings.filter(({ what }) => what === 'configuration').map(({ detail }) => detail)
    assert.ok(details.some(detail => /device\.toml:2: device: must be/.test(detail)))
    assert.ok(details.some(detail => /device\.toml:3: colour: is not a setting/.test(detail)))
    assert.ok(findings.some(({ what, result }) => what === 'listener' && result === 'ok'))
  },
  SLOW,
)

test(
  'console: lists, breaks and watches through the real bridge, and says when it may not or cannot',
  async context => {
    const { oobm, env, directory, consoleRuntime, configure } = await device(context)
    const down = await oobm('console', 'list')
    assert.is(down.code, EXIT.unavailable)
    assert.match(down.stderr, 'oobm-console is not running')
    const key = await makeKey(directory, 'bridge')
    await writeFile(join(directory, 'credentials/bridge_host_key'), key.privateKey, { mode: 0o600 })
    const consoles = [{ name: 'core-sw1', path: join(directory, 'no-such-line') }]
    await configure(minimal(key.publicKey, { consoles, bridge: { hostKey: key.publicKey, port: await freePort() } }))
    const bridge = startProgram(process.execPath, ['--import', 'tsx', 'console-bridge/main.ts'], {
      cwd: ROOT,
      env: { ...env, RUNTIME_DIRECTORY: consoleRuntime, STATE_DIRECTORY: join(directory, 'state') },
    })
    context.cleanup(() => bridge.stop())
    context.onFailure(bridge.output)
    await waitFor('the bridge’s status', () => readFile(join(consoleRuntime, 'status.json')).catch(() => undefined), {
      timeoutMs: 60_000,
    })
    const list = await oobm('console', 'list')
    assert.is(list.code, EXIT.ok, list.stderr)
    assert.match(list.stdout, /^core-sw1 .*closed/)
    assert.match((await oobm('status')).stdout, /core-sw1.*closed/)
    const refused = await oobm('console', 'break', 'core-sw1', '500')
    assert.is(refused.code, EXIT.unavailable)
    assert.match(refused.stderr, 'no BREAK was sent')
    const unknown = await oobm('console', 'watch', 'nothing')
    assert.is(unknown.code, EXIT.usage)
    assert.match(unknown.stderr, 'Log in with one of these names: core-sw1')
    await rm(join(consoleRuntime, 'local_key'))
    const keyless = await oobm('console', 'list')
    assert.is(keyless.code, EXIT.unavailable)
    assert.match(keyless.stderr, 'local_key')
  },
  SLOW,
)

/** A device whose relay, own sshd and bridge are all one real sshd. */
async function doctorField(context: TestContext) {
  const all = await device(context)
  const sshd: Sshd = await startSshd({ directory: join(all.directory, 'sshd'), authorizedKeys: ['none'] })
  context.cleanup(() => sshd.stop())
  context.onFailure(sshd.log)
  await writeFile(join(all.credentials, 'relay_key'), 'a key', { mode: 0o600 })
  await all.writeStatus()
  const config = minimal(sshd.hostKey.publicKey, {
    relays: [{ host: '127.0.0.1', port: sshd.port, user: 'oobm', hostKeys: [sshd.hostKey.publicKey] }],
    shell: { port: sshd.port, hostKeyFile: `${sshd.hostKey.path}.pub` },
    bridge: { port: sshd.port, hostKey: sshd.hostKey.publicKey },
    consoles: [{ name: 'core-sw1', path: 'sim:router' }],
    selftest: { user: sshd.user },
    led: { backend: 'file', path: join(all.directory, 'led') },
  })
  await all.configure(config)
  const doctor = async () => {
    const { code, stdout } = await all.oobm('doctor', '--json')
    return {
      code,
      findings: (JSON.parse(stdout) as { findings: Record<'what' | 'result' | 'detail' | 'remedy', string>[] })
        .findings,
    }
  }
  return { ...all, sshd, config, doctor }
}

function minimal(hostKey: string, more: Partial<DeviceConfigInput>): DeviceConfigInput {
  return {
    version: 1,
    device: 'tokyo-rack1',
    relays: [{ host: '127.0.0.1', user: 'oobm', hostKeys: [hostKey] }],
    listenerPort: 20100,
    bridge: { hostKey },
    ...more,
  }
}

test.run()
