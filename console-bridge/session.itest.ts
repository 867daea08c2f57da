import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { ptyTarget } from '../testbed/pty-target.ts'
import { runProgram, startProgram } from '../testbed/run-program.ts'
import { scratchDirectory } from '../testbed/scratch.ts'
import { suite } from '../testbed/suite.ts'
import { waitFor } from '../testbed/wait-for.ts'
import { SESSION_EXIT } from './session/exit-codes.ts'
import {
  bridgeFiles,
  openTerminal,
  sshArgs,
  startBridge,
  statusWhere,
  type TechnicianTerminal,
} from './testing/bridge-fixture.ts'
import { bridgeOnPty } from './testing/bridge-on-pty.ts'

const test = suite('sessions')
const LIMIT = { timeoutMs: 120_000 }

test(
  'greets, sends what is typed, and shows the output',
  async context => {
    const { target, files, terminal } = await bridgeOnPty(context)
    const alice = terminal('alice')
    await alice.says(/\[oobm: console core-sw1 on \S+, 9600 8N1\]\r\n/)
    await alice.says(/\[oobm: you are alice, operator: you type\]\r\n/)
    await alice.says(/\[oobm: Ctrl-\] \? for help\]\r\n/)
    await alice.says(/\[oobm: no output from the target since the bridge started; press Enter\]\r\n/)
    alice.types('show version\r')
    await target.hears(/show version\r/)
    target.says('Cisco IOS\r\n')
    await alice.says(/Cisco IOS\r\n/)
    const status = await statusWhere(files, 'counted', ({ consoles }) => (consoles[0]?.bytesIn ?? 0) >= 11)
    assert.equal(
      status.consoles[0]?.sessions.map(({ technician, writer }) => [technician, writer]),
      [['alice', true]],
    )
    alice.types('\x1dd')
    await waitFor('ssh to end', () => alice.ended())
    await statusWhere(files, 'empty', ({ consoles }) => consoles[0]?.sessions.length === 0)
  },
  LIMIT,
)

test(
  'one types, the others watch; when nobody types, the next operator who types does',
  async context => {
    const { target, terminal } = await bridgeOnPty(context)
    const alice = terminal('alice')
    await alice.says(/you type\]/)
    const bob = terminal('bob')
    await bob.says(/you are bob, operator: alice types, you watch; Ctrl-\] w to take over\]/)
    await alice.says(/\[oobm: bob joined\]/)
    const olga = terminal('olga')
    await olga.says(/you are olga, observer: you watch, alice types\]/)
    await olga.says(/\[oobm: also here: bob\]/)
    await alice.says(/\[oobm: olga joined to watch\]/)

    target.says('hello all\r\n')
    for (const one of [alice, bob, olga]) await one.says(/hello all\r\n/)
    bob.types('X')
    await bob.says(/\[oobm: not sent: alice types; Ctrl-\] w to take over\]/)
    olga.types('Y')
    await olga.says(/\[oobm: read-only: you are an observer; neither typing nor BREAK is sent\]/)
    olga.types('\x1dw')
    bob.types('\x1dw')
    for (const one of [alice, bob, olga]) await one.says(/\[oobm: bob took over typing from alice\]/)
    alice.types('Z')
    await alice.says(/\[oobm: not sent: bob types/)
    bob.types('bob was here\r')
    await target.hears(/bob was here\r/)

    bob.types('\x1dd')
    await alice.says(/\[oobm: bob left: the next operator who types has the console\]/)
    olga.types('Y')
    alice.types('and alice\r')
    await olga.says(/\[oobm: alice types now\]/)
    await target.hears(/and alice\r/)
    assert.is(target.heard(), 'bob was here\rand alice\r')
  },
  LIMIT,
)

test(
  'a new session sees the last lines; watch needs no pty, and keeps them and notices out of the output',
  async context => {
    const { target, files, terminal } = await bridgeOnPty(context)
    // A terminal that were shown the question would type its answer into the target.
    target.says('line one\r\n\x1b[6n\x1b[?1049hline two\r\nswitch>')
    await statusWhere(files, 'received', ({ consoles }) => consoles[0]?.bytesIn === 39)
    const late = terminal('alice')
    await late.says(/for help\]\r\nline one\r\nline two\r\nswitch>/)
    const watch = startProgram('ssh', sshArgs(files, 'bob', 'core-sw1', 'watch'))
    context.cleanup(() => watch.stop())
    let output = ''
    watch.child.stdout?.on('data', chunk => {
      output += chunk
    })
    await watch.says(/switch>/)
    watch.child.stdin?.end('typed into a view\x1db')
    target.says('more\r\n')
    await watch.says(/more/)
    assert.is(output, 'more\r\n')
    assert.match(watch.output(), /you are bob, operator: you watch.*line one\r\nline two\r\nswitch>/s)
    assert.is(target.heard(), '')
  },
  LIMIT,
)

test(
  'without a pty the output is clean for programs, and the escape key is a byte',
  async context => {
    const { target, files } = await bridgeOnPty(context)
    const answer = target.hears(/done\r/).then(() => target.says('the answer\r\n'))
    const { code, stdout, stderr } = await runProgram('ssh', sshArgs(files, 'alice', 'core-sw1'), {
      input: 'a\x1dbc done\r',
    })
    await answer
    assert.equal([code, stdout], [0, 'the answer\r\n'])
    assert.match(stderr, '[oobm: you are alice, operator: you type]')
    assert.is(target.heard(), 'a\x1dbc done\r')
  },
  LIMIT,
)

test(
  'the escape key shows its help, sends itself when typed twice, and refuses an unknown key',
  async context => {
    const { target, terminal } = await bridgeOnPty(context)
    const alice = terminal('alice')
    await alice.says(/for help\]/)
    alice.types('\x1d?')
    await alice.says(/\[oobm: {4}b {2}send a BREAK/)
    alice.types('\x1dz')
    await alice.says(/\[oobm: unknown key after Ctrl-\], nothing was sent; Ctrl-\] \? for help\]/)
    alice.types('a\x1d\x1db')
    await target.hears(/^a\x1db$/)
  },
  LIMIT,
)

test(
  'two sessions outlive an unplugged adapter and are told; nothing typed meanwhile is sent',
  async context => {
    const { target, files, terminal } = await bridgeOnPty(context)
    const alice = terminal('alice')
    await alice.says(/you type\]/)
    const bob = terminal('bob')
    await bob.says(/for help\]/)
    await target.unplug()
    for (const one of [alice, bob]) await one.says(/\[oobm: the line is closed: .*, and nothing is sent until then\]/)
    await statusWhere(files, 'named', ({ consoles }) => /does not exist: the adapter/.test(consoles[0]?.cause ?? ''))
    alice.types('reload\r')
    await alice.says(/\[oobm: not sent: the line is closed\]/)
    const late = terminal('olga')
    await late.says(/\[oobm: the line has been closed since \S+ \S+ UTC: \S+ does not exist: the adapter is unplugged/)
    await target.plug()
    for (const one of [alice, bob, late]) await one.says(/\[oobm: the line is open\]/)
    alice.types('after\r')
    await target.hears(/after\r/)
    target.says('back again\r\n')
    for (const one of [alice, bob, late]) await one.says(/back again/)
    assert.is(target.heard(), 'after\r')
  },
  LIMIT,
)

test(
  'sends a long paste completely and in order to a slow line',
  async context => {
    const { target, files } = await bridgeOnPty(context)
    const input = Array.from({ length: 40_000 }, (_, i) => `${i}\r`).join('')
    const { code, stderr } = await runProgram('ssh', sshArgs(files, 'alice', 'core-sw1'), { input, timeoutMs: 90_000 })
    assert.is(code, SESSION_EXIT.silent)
    assert.match(stderr, '[oobm: the target said nothing for 10 s]')
    await waitFor('the last line', () => target.heard().length >= input.length)
    assert.ok(target.heard() === input, 'what came is what was pasted')
  },
  LIMIT,
)

test(
  'a technician who reads too slowly is told how much is missing, and delays nobody',
  async context => {
    const { target, files, terminal } = await bridgeOnPty(context)
    const alice = terminal('alice')
    await alice.says(/for help\]/)
    const slow = startProgram('ssh', sshArgs(files, 'bob', 'core-sw1', 'watch'))
    context.cleanup(() => slow.stop())
    await slow.says(/for help|you watch/)
    slow.child.kill('SIGSTOP')
    const line = `${'x'.repeat(98)}\r\n`
    // More than the client's window, the buffers on the way and the scrollback hold together.
    for (let sent = 0; sent < 10; sent++) target.says(line.repeat(10_000))
    target.says('the end\r\n')
    await alice.says(/the end/, 60_000)
    slow.child.kill('SIGCONT')
    await slow.says(/\[oobm: [1-9]\d* bytes are missing here: this connection was too slow\]/, 60_000)
    await slow.says(/the end/, 60_000)
  },
  LIMIT,
)

test(
  "conserver's keys, per console and per person: help, ^E of a shell, disconnect",
  async context => {
    const target = await ptyTarget(context, await scratchDirectory(context))
    const files = await bridgeFiles(
      context,
      [{ name: 'core-sw1', path: target.path, escapeSet: 'conserver' }],
      ({ alice, bob }) => ({
        technicians: [
          { name: 'alice', keys: [alice.publicKey] },
          { name: 'bob', keys: [bob.publicKey], escapeSet: 'oobm' },
        ],
      }),
    )
    await startBridge(context, files)
    await statusWhere(files, 'open', ({ consoles }) => consoles[0]?.state === 'open')
    const [alice, bob] = (['alice', 'bob'] as const).map(who =>
      openTerminal(context, 'ssh', sshArgs(files, who, 'core-sw1')),
    ) as [TechnicianTerminal, TechnicianTerminal]
    await alice.says(/\[oobm: \^Ec\? for help\]/)
    await bob.says(/\[oobm: Ctrl-\] \? for help\]/)
    alice.types('\x05cf')
    await bob.says(/alice (took over typing|types)/)
    alice.types('\x05')
    await target.hears(/^\x05$/)
    alice.types('\x05')
    alice.types('c?')
    await alice.says(/l0 {2}send a BREAK/)
    await alice.says(/press \^E c, then a key/)
    const paste = 'interface Gi0/1\r description \x05c. \x05\x05 end\r'
    alice.types(paste)
    await target.hears(/ end\r$/)
    assert.is(target.heard(), `\x05${paste}`)
    alice.types('\x05cl0')
    await bob.says(/\[oobm: alice sent BREAK, 300 ms\]/)
    bob.types('\x1dw')
    await alice.says(/\[oobm: bob took over typing from alice\]/)
    // Once what was pasted is a second ago.
    await waitFor('alice to leave', () => {
      alice.types('\x05c.')
      return alice.ended()
    })
  },
  LIMIT,
)

test(
  'at SIGTERM the sessions are told, and the program ends',
  async context => {
    const { bridge, files, terminal } = await bridgeOnPty(context)
    const alice = terminal('alice')
    await alice.says(/for help\]/)
    assert.equal(await bridge.stop(5_000), { code: 0, signal: null })
    await alice.says(/\[oobm: the console bridge is stopping; connect again in a moment\]/)
    await waitFor('ssh to end', () => alice.ended())
    assert.equal(await readdir(join(files.directory, 'run')), [])
  },
  LIMIT,
)

test.run()
