/** `ssh core-sw1 power` with the real client, `oobm-power`, and outlets that answer as their makers document it. */
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { startOutletServer } from '../testbed/outlet-servers.ts'
import { programArgs } from '../testbed/programs.ts'
import { ptyTarget } from '../testbed/pty-target.ts'
import { runProgram, startProgram } from '../testbed/run-program.ts'
import { scratchDirectory } from '../testbed/scratch.ts'
import { suite, type TestContext } from '../testbed/suite.ts'
import { waitFor } from '../testbed/wait-for.ts'
import { bridgeFiles, openTerminal, runCommand, sshArgs, startBridge, statusWhere } from './testing/bridge-fixture.ts'

const test = suite('power')
const LIMIT = { timeoutMs: 120_000 }
const STRACE = ['strace', '-f', '-e', 'trace=ioctl']

/** Alice may switch `core-sw1`; bob may not, olga only watches. `dist-2` shares an outlet. */
async function poweredConsole(context: TestContext, { under = [] }: { under?: string[] } = {}) {
  const strip = await startOutletServer(context, 'shelly', { channels: [0, 1] })
  const directory = await scratchDirectory(context)
  const target = await ptyTarget(context, directory, 'core-sw1')
  const other = await ptyTarget(context, directory, 'dist-2')
  const files = await bridgeFiles(
    context,
    [
      { name: 'core-sw1', path: target.path, outlets: ['a', 'b'] },
      { name: 'dist-2', path: other.path, outlets: ['b'] },
    ],
    keys => ({
      outlets: ['a', 'b'].map((name, channel) => ({
        ...{ name, kind: 'shelly', address: strip.address, channel, offTimeS: 5, onDelayS: 0 },
      })),
      technicians: [
        { name: 'alice', keys: [keys.alice.publicKey], power: ['core-sw1'] },
        { name: 'bob', keys: [keys.bob.publicKey] },
        { name: 'olga', keys: [keys.olga.publicKey], role: 'observer', consoles: ['core-sw1'] },
      ],
    }),
  )
  files.env.OOBM_POWER_SOCKET = join(files.directory, 'power.socket')
  const power = startProgram(process.execPath, programArgs('power/main.ts'), {
    env: { ...files.env, STATE_DIRECTORY: join(files.directory, 'power') },
  })
  context.cleanup(() => power.stop(10_000))
  context.onFailure(power.output)
  await power.says(/"msg":"listening"/, 60_000)
  const bridge = await startBridge(context, files, under)
  await statusWhere(files, 'open', ({ consoles }) => consoles.every(({ state }) => state === 'open'))
  const switched = () => strip.log.map(({ what }) => what)
  return { strip, target, files, power, bridge, switched }
}

test(
  'shows how the outlets are, to observers too, and what else they feed',
  async context => {
    const { strip, files, switched } = await poweredConsole(context)
    const status = await runCommand(files, 'olga', 'core-sw1', 'power')
    assert.equal([status.code, status.stdout], [0, 'a  on\nb  on\nb also feeds dist-2\n'])
    strip.instead = request => request.socket.destroy()
    const away = await runCommand(files, 'alice', 'core-sw1', 'power', 'status')
    assert.is(away.code, 69)
    assert.match(
      away.stdout,
      /^a {2}unknown: a does not answer: 127\.0\.0\.1:\d+: it closed the connection; it was on \d+ s ago\n/,
    )
    const whole = await runCommand(files, 'alice', 'core-sw1', 'status')
    assert.match(
      whole.stdout,
      / {2}power at 20\d\d-.* UTC:\n {4}a {2}unknown: a does not answer.*it was on \d+ s ago\n/,
    )
    assert.equal(switched(), [])
  },
  LIMIT,
)

test(
  'switches after the name was typed, reads it back, and leaves who, what and how in both histories',
  async context => {
    const { strip, files, switched } = await poweredConsole(context)
    const bob = openTerminal(context, 'ssh', sshArgs(files, 'bob', 'core-sw1'))
    await bob.says(/for help\]/)
    const off = await answering(files, ['power', 'off'], 'core-sw1\n')
    assert.equal([off.code, off.stdout], [0, 'a is off\nb is off\na  off\nb  off\nb also feeds dist-2\n'])
    assert.match(
      off.stderr,
      /core-sw1 loses its power \(a, b; b also feeds dist-2\)\. Type its name, core-sw1, to go on: /,
    )
    await bob.says(/\[oobm: alice switches off the power of core-sw1\]/)
    await bob.says(/\[oobm: power: b is off\]/)
    const early = await runCommand(files, 'alice', 'core-sw1', 'power', 'on')
    assert.is(early.code, 75)
    assert.match(early.stderr, /nothing was switched: [ab]: alice switched it \d s ago/)
    strip.isStuck = true
    const answered = async () => {
      const on = await runCommand(files, 'alice', 'core-sw1', 'power', 'on')
      if (on.code === 75) return undefined
      assert.is(on.code, 69)
      assert.match(on.stderr, /a: asked for on, and the outlet says off; b: asked for on, and the outlet says off/)
      return statusWhere(files, 'the event', ({ events }) => events?.at(-1)?.detail.includes('asked for on') ?? false)
    }
    // Each try is an event, too, and the status has the last 32.
    const { events = [] } = await waitFor('the pace', answered, { paceMs: 500 })
    const told = events.filter(({ event }) => event === 'power')
    assert.is(told.length, 2, 'who was told to wait is in no history')
    const [first] = told
    assert.equal([first?.technician, first?.console, first?.detail], ['alice', 'core-sw1', 'off a, b: done'])
    const log = await runCommand(files, 'bob', 'core-sw1', 'log')
    assert.match(log.stdout, /alice switches off the power of the target \(a, b\)/)
    assert.match(log.stdout, /the power is switched, as alice asked/)
    assert.match(log.stdout, /the power is not as alice asked: a: asked for on, and the outlet says off/)
    assert.equal(switched(), ['0 off', '1 off'])
  },
  LIMIT,
)

test(
  'is refused to observers, to who has no right to it, and where no outlet is known',
  async context => {
    const { files, switched } = await poweredConsole(context)
    for (const [who, login, code, why] of [
      ['olga', 'core-sw1', 77, /read-only: you are an observer, and switch no outlet/],
      [
        'bob',
        'core-sw1',
        77,
        /you may not switch the power of core-sw1: your entry in the fleet file needs power = \["core-sw1"\]/,
      ],
      ['alice', 'dist-2', 77, /you may not switch the power of dist-2/],
    ] as const) {
      for (const action of ['on', 'off', 'cycle']) {
        const refused = await runCommand(files, who, login, 'power', action, '--yes')
        assert.is(refused.code, code, `${who} ${action}`)
        assert.match(refused.stderr, why)
      }
    }
    assert.equal(switched(), [])
  },
  LIMIT,
)

test(
  'without the name nothing is switched: another name, none, a wrong option',
  async context => {
    const { files, switched } = await poweredConsole(context)
    for (const [words, input, why] of [
      [['power', 'off'], 'core-sw2\n', /nothing was switched: this is not core-sw1; --yes asks nothing/],
      [['power', 'cycle'], 'y\n', /this is not core-sw1/],
      [['power', 'cycle'], '', /nothing was switched: not confirmed/],
      [['power', 'off', '--break'], '', /--break goes with cycle only; nothing was switched/],
      [['power', 'reboot'], '', /ACTION cannot be "reboot": it is "on", "off", "cycle" or "status"/],
    ] as const) {
      const answer = await answering(files, words, input)
      assert.is(answer.code, 64, words.join(' '))
      assert.match(answer.stderr, why)
    }
    assert.equal(switched(), [])
  },
  LIMIT,
)

test(
  'on a terminal, by the menu: shows, asks, and tells; nothing typed reaches the target',
  async context => {
    const { target, files, switched } = await poweredConsole(context)
    const alice = openTerminal(context, 'ssh', sshArgs(files, 'alice', 'core-sw1'))
    await alice.says(/for help\]/)
    alice.types('\x1do')
    await alice.says(/power: on, off, cycle or break/)
    await alice.says(/b also feeds dist-2/)
    alice.types('cycle\r')
    await alice.says(/Type its name, core-sw1, to go on/)
    alice.types('core-sw1\r')
    await alice.says(/\[oobm: power: a is off\]/)
    await alice.says(/\[oobm: power cycle: done\]/)
    assert.equal([...switched()].sort(), ['0 off', '0 on', '1 off', '1 on'])
    assert.is(target.heard(), '')
  },
  LIMIT,
)

test(
  'the client leaves in the middle of a cycle, and so does the bridge: the target has power again',
  async context => {
    const { files, bridge, switched } = await poweredConsole(context)
    const client = startProgram('ssh', sshArgs(files, 'alice', 'core-sw1', 'power', 'cycle', '--yes'))
    context.cleanup(() => client.stop())
    await waitFor('both off', () => switched().length === 2)
    client.child.kill('SIGKILL')
    await waitFor('both on', () => switched().length === 4)
    const { events } = await statusWhere(files, 'the outcome', ({ events }) => events?.at(-1)?.event === 'power')
    assert.is(events?.at(-1)?.detail, 'cycle a, b: done')

    await new Promise(resolve => setTimeout(resolve, 5_100))
    const before = switched().length
    const second = startProgram('ssh', sshArgs(files, 'alice', 'core-sw1', 'power', 'cycle', '--yes'))
    context.cleanup(() => second.stop())
    await waitFor(
      'both off',
      async () => {
        if (second.ended()) return Promise.reject(new Error(second.output()))
        return (
          switched()
            .slice(before)
            .filter(what => what.endsWith('off')).length === 2
        )
      },
      { timeoutMs: 30_000 },
    )
    bridge.child.kill('SIGKILL')
    await waitFor(
      'both on',
      () =>
        switched()
          .slice(before)
          .filter(what => what.endsWith('on')).length === 2,
    )
  },
  LIMIT,
)

/** Each BREAK on the wire, as the kernel sees it. */
const breaksIn = (trace: string) => trace.match(/TIOCSBRK\) += 0/g)?.length ?? 0

test(
  'cycle and BREAK: BREAKs from power-on to the prompt of the boot monitor, and none after it',
  async context => {
    const { target, files, bridge, switched } = await poweredConsole(context, { under: STRACE })
    const bob = openTerminal(context, 'ssh', sshArgs(files, 'bob', 'core-sw1'))
    await bob.says(/for help\]/)
    target.says('an old prompt# ')
    const cycling = answering(files, ['power', 'cycle', '--yes', '--break'], '')
    await waitFor('the first off', () => switched().length > 0)
    assert.is(breaksIn(bridge.output()), 0, 'before it has power again')
    await waitFor('BREAKs', () => breaksIn(bridge.output()) >= 2, { timeoutMs: 40_000 })
    assert.ok(switched().includes('0 on'))
    target.says('\r\nSystem Bootstrap, Version 16.12\r\n\r\nrommon 1 > ')
    const { code, stdout, stderr } = await cycling
    assert.equal([code, stderr], [0, '[oobm: BREAK until a prompt comes; Enter stops it]\n'])
    const [, count] = /a is on\n[\s\S]*core-sw1 shows a prompt, after (\d+) BREAKs: rommon 1 >\n$/.exec(stdout) ?? []
    await bob.says(/\[oobm: alice sends BREAK every 1\.5 s until a prompt comes, for 60 s at most; a key stops it\]/)
    await bob.says(/\[oobm: prompt after \d+ BREAKs: no more are sent\]/)
    assert.is(breaksIn(bridge.output()), Number(count))
  },
  LIMIT,
)

test(
  'cycle and BREAK: a key of anybody stops it, and the power is on all the same',
  async context => {
    const { target, files, switched } = await poweredConsole(context)
    const bob = openTerminal(context, 'ssh', sshArgs(files, 'bob', 'core-sw1'))
    await bob.says(/for help\]/)
    const cycling = answering(files, ['power', 'cycle', '--yes', '--break'], '')
    await bob.says(/sends BREAK every/, 40_000)
    bob.types(' ')
    const { code, stderr } = await cycling
    assert.is(code, 74)
    assert.match(stderr, /\[oobm: stopped\]\n$/)
    assert.equal(switched().slice(2), ['0 on', '1 on'])
    assert.is(target.heard(), ' ')
  },
  LIMIT,
)

async function answering(files: Awaited<ReturnType<typeof bridgeFiles>>, words: readonly string[], input: string) {
  return runProgram('ssh', sshArgs(files, 'alice', 'core-sw1', ...words), { input, timeoutMs: 100_000 })
}

test.run()
