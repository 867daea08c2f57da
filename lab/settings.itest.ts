/** Settings from afar through the whole system: fleet file → signature → relay → device → who gets in, and the way back. */
import { cp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { makeKey } from '../testbed/make-key.ts'
import { runProgram, startProgram } from '../testbed/run-program.ts'
import { signalProcess } from '../testbed/sshd.ts'
import { suite, type TestContext } from '../testbed/suite.ts'
import { waitFor } from '../testbed/wait-for.ts'
import { PATIENCE, startBuiltLab } from './testing/built-lab.ts'

const test = suite('settings from afar in the lab')
const LIMIT = { timeoutMs: 280_000 }

async function startLab(context: TestContext) {
  const { directory, oobmRelay, state: relay } = await startBuiltLab(context)
  const must = async (...args: string[]) => {
    const { code, stdout, stderr } = await oobmRelay(...args)
    assert.is(code, 0, `${args.join(' ')}: ${stdout}${stderr}`)
    return stdout
  }
  /** A technician's keys and files, and the relay's: as after "add technician". */
  const enlist = async (name: string) => {
    const key = await makeKey(directory, `${name}-key`)
    await must('add', 'technician', name, '--key', `${key.path}.pub`, '--consoles', 'all', '--shells', 'tokyo-rack1')
    const folder = join(directory, 'rendered/technicians', name)
    await must('render', '--known-hosts', join(folder, 'known_hosts'), '--identity', key.path)
    const installed = await runProgram('sh', [join(directory, 'rendered/relay/lab/install')], {
      env: { HOME: join(directory, 'relay') },
    })
    assert.is(installed.code, 0, installed.stderr)
    await cp(join(folder, 'config'), join(directory, `${name}-config`))
    return (...args: string[]) => ['-F', join(directory, `${name}-config`), ...args]
  }
  return {
    ...{ directory, relay, must, oobmRelay, enlist },
    settings: (command: string, ...args: string[]) => oobmRelay('settings', command, ...args, '--state', relay),
    oobm: async (...args: string[]) => (await runProgram(join(directory, 'oobm'), args, PATIENCE)).stdout,
    /** The supervisor itself, below the shell that starts it anew. */
    supervisor: async () => Number(await readFile(join(directory, 'device/run/units/oobm-supervisor'), 'utf8')),
  }
}

test(
  'a person comes and goes by a push; an old document, and one that nobody signed, bring nobody back',
  async context => {
    const { directory, relay, must, settings, oobm, enlist } = await startLab(context)
    const dave = await enlist('dave')
    const mayDave = async () => (await runProgram('ssh', dave('core-sw1', 'list'), PATIENCE)).code === 0
    assert.not(await mayDave(), 'the relay lets dave through, and the device does not know them')
    const pushed = await settings('push', 'tokyo-rack1', '--access', '--wait', '60s')
    assert.is(pushed.code, 0, pushed.stdout + pushed.stderr)
    assert.match(pushed.stdout, /^tokyo-rack1 {2}serial 1 {2}applied \d+ s ago\n1 of 1 applied$/m)
    await waitFor('dave to get in', mayDave, PATIENCE)
    assert.match(await oobm('settings'), /^serial number +1$/m)
    await cp(join(relay, 'settings/tokyo-rack1'), join(directory, 'kept'), { recursive: true })

    const session = startProgram('ssh', dave('-tt', 'core-sw1'))
    context.cleanup(() => session.stop())
    await session.says(/from the oobm lab|\[oobm/, PATIENCE.timeoutMs)
    const shell = startProgram('ssh', dave('tokyo-rack1', 'echo in; exec tail --pid=$PPID -s 0.5 -f /dev/null'))
    context.cleanup(() => shell.stop())
    await shell.says(/^in$/m, PATIENCE.timeoutMs)
    await must('remove', 'technician', 'dave')
    const removed = await settings('push', 'tokyo-rack1', '--access', '--wait', '60s')
    assert.is(removed.code, 0, removed.stdout + removed.stderr)
    assert.match(removed.stdout, /^tokyo-rack1 {2}serial 2 {2}applied/m)
    await waitFor('the session at the console to end', () => session.ended(), PATIENCE)
    assert.not(await mayDave())
    await waitFor(
      'alice to be in as before',
      async () =>
        (await runProgram('ssh', ['-F', join(directory, 'ssh_config'), 'console', 'list'], PATIENCE)).code === 0,
      PATIENCE,
    )

    // A relay that was broken into: the document that has dave, offered again; then the present one, changed; then another's.
    const offer = async (from: string, change: (bytes: Buffer) => Buffer) => {
      const { createHash } = await import('node:crypto')
      const name = (await readFile(join(from, 'offer'), 'utf8')).split(' ')[1] ?? ''
      const bytes = change(await readFile(join(from, name)))
      const digest = createHash('sha256').update(bytes).digest('hex')
      const mailbox = join(relay, 'settings/tokyo-rack1')
      await writeFile(join(mailbox, digest), bytes)
      const message = `settings ${digest} ${bytes.length}\n`
      await writeFile(join(mailbox, 'offer'), message)
      await writeFile(join(relay, 'state/tokyo-rack1/control'), message)
      return digest
    }
    const forged = (bytes: Buffer) => Buffer.from(bytes.toString().replace(/^serial = 2$/m, 'serial = 3'))
    const cases: [name: string, make: () => Promise<string>, why: RegExp][] = [
      ['replayed', () => offer(join(directory, 'kept'), bytes => bytes), /serial 2 has replaced it/],
      ['changed', () => offer(join(relay, 'settings-2'), forged), /signature|signed/],
      [
        'unsigned',
        () => offer(join(relay, 'settings-2'), bytes => bytes.subarray(0, bytes.indexOf('-----BEGIN SSH'))),
        /is not signed/,
      ],
      [
        'cut short',
        () => offer(join(relay, 'settings-2'), bytes => bytes.subarray(0, bytes.length - 20)),
        /may be cut short/,
      ],
    ]
    await cp(join(relay, 'settings/tokyo-rack1'), join(relay, 'settings-2'), { recursive: true })
    for (const [index, [name, make, why]] of cases.entries()) {
      const digest = await make()
      const answer = await waitFor(
        `${name} to be refused`,
        async () => {
          const text = await readFile(join(relay, 'state/tokyo-rack1/settings.json'), 'utf8').catch(() => '')
          const { digest: about, state, cause } = JSON.parse(text || '{}')
          return about === digest && state === 'refused' && cause
        },
        PATIENCE,
      )
      assert.match(String(answer), why, name)
      assert.match(await oobm('settings'), new RegExp(`^refused +${index}$`, 'm'))
    }
    assert.not(await mayDave())
    const { stdout: history } = await settings('history', 'tokyo-rack1')
    assert.match(
      history,
      / tokyo-rack1 {2}serial 1 applied \(tokyo-rack1 says so\)\n[\s\S]* serial 1 refused: serial 2 has replaced it/,
    )
    assert.match(
      await must('history', 'tokyo-rack1', '--event', 'settings', '--state', relay),
      / tokyo-rack1 +settings +tokyo-rack1 +serial 2 applied/,
    )
  },
  LIMIT,
)

test(
  'a device that is away gets the last settings when it comes, and the relay says meanwhile who has not got them',
  async context => {
    const { directory, relay, settings, supervisor, enlist, must } = await startLab(context)
    // It is cut off: its supervisor stands still, and the relay has lost the connection.
    const pid = await supervisor()
    signalProcess(pid, 'SIGSTOP')
    context.cleanup(() => signalProcess(pid, 'SIGCONT'))
    const sessions = await readFile(join(relay, 'state/tokyo-rack1/sessions'), 'utf8')
    for (const line of sessions.trimEnd().split('\n')) signalProcess(Number(line.split(' ')[0]), 'SIGKILL')
    const dave = await enlist('dave')
    const first = await settings('push', 'tokyo-rack1', '--access', '--wait', '2s')
    assert.is(first.code, 1, 'it was asked to wait for the device')
    assert.match(
      first.stdout,
      /^0 of 1 applied; not yet:\n {2}tokyo-rack1 {2}serial 1 {2}waiting for the device for \d+ s: it is not connected here, and last reported /m,
    )
    await must('remove', 'technician', 'dave')
    assert.is((await settings('push', '--all', '--access')).code, 0)
    signalProcess(pid, 'SIGCONT')
    const shown = await settings('show', '--wait', '60s')
    assert.is(shown.code, 0, shown.stdout)
    assert.match(shown.stdout, /^tokyo-rack1 {2}serial 2 {2}applied \d+ s ago$/m)
    assert.match(await readFile(join(directory, 'device/etc/oobm/settings.toml'), 'utf8'), /^serial = 2$/m)
    assert.not((await runProgram('ssh', dave('core-sw1', 'list'), PATIENCE)).code === 0, 'serial 1 never took effect')

    // Pushed again by another operator, who has the keys and no numbers.
    await rm(join(directory, 'secrets/tokyo-rack1/settings.json'))
    const other = await settings('push', 'tokyo-rack1', '--access', '--wait', '60s')
    assert.is(other.code, 0, other.stdout + other.stderr)
    assert.match(other.stdout, /serial 3 {2}applied/)
    assert.equal((await readdir(join(relay, 'settings/tokyo-rack1'))).length, 2 + 3)
  },
  LIMIT,
)

test.run()
