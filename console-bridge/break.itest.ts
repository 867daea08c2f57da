import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { runProgram } from '../testbed/run-program.ts'
import { scratchDirectory } from '../testbed/scratch.ts'
import { suite, type TestContext } from '../testbed/suite.ts'
import { waitFor } from '../testbed/wait-for.ts'
import { type BridgeFiles, openTerminal, runCommand, sshArgs, statusWhere } from './testing/bridge-fixture.ts'
import { bridgeOnPty } from './testing/bridge-on-pty.ts'

const test = suite('break')
const LIMIT = { timeoutMs: 120_000 }

interface Break {
  /** From the call of TIOCSBRK to the call of TIOCCBRK. */
  tookMs: number
  /** What TIOCMSET answered, which the binding does after each. */
  modemLines: string
}

/** A bridge on a pty, with every ioctl of it recorded. */
async function withTracedBridge(context: TestContext) {
  const directory = await scratchDirectory(context)
  const trace = join(directory, 'trace')
  // -D: the tracer is a grandchild, so that the process that is stopped at the end is the bridge itself.
  const under = ['strace', '-D', '-f', '-ttt', '-e', 'trace=ioctl', '-o', trace]
  const { files, target, bridge } = await bridgeOnPty(context, {}, under)
  return { files, target, bridge, trace, breaks: () => readBreaks(trace) }
}

/** @returns the BREAKs in a trace; fails unless they are on and off in turn */
async function readBreaks(trace: string): Promise<Break[]> {
  const breaks: Break[] = []
  let startedS: number | undefined
  // A BREAK that an earlier bridge left on is taken back at open.
  let isOpened = false
  for (const line of (await readFile(trace, 'utf8')).split('\n')) {
    const [, atS, request] = /^\d+ +([\d.]+) ioctl\(\d+, (TIOC[SC]BRK|TIOCMSET)/.exec(line) ?? []
    if (request === 'TIOCMSET') {
      const last = breaks.at(-1)
      if (last) last.modemLines = / ENOTTY /.test(line) ? 'ENOTTY' : line
    } else if (request === 'TIOCSBRK') {
      assert.is(startedS, undefined, 'a break begins within another')
      startedS = Number(atS)
    } else if (request === 'TIOCCBRK' && !isOpened) {
      isOpened = true
    } else if (request === 'TIOCCBRK') {
      assert.type(startedS, 'number', 'a break ends that never began')
      breaks.push({ tookMs: (Number(atS) - (startedS as number)) * 1000, modemLines: '' })
      startedS = undefined
    }
  }
  assert.is(startedS, undefined, 'a break never ended')
  return breaks
}

/** A lower bound only: a loaded machine makes a BREAK longer, and nothing may make it shorter. */
function assertBreaks(found: Break[], wantedMs: number[]): void {
  assert.is(found.length, wantedMs.length, JSON.stringify(found))
  for (const [index, { tookMs, modemLines }] of found.entries()) {
    assert.ok(tookMs >= (wantedMs[index] as number), `break ${index + 1} took ${tookMs} ms, not ${wantedMs[index]}`)
    assert.is(modemLines, 'ENOTTY', 'a pty has no modem lines, and the break went through all the same')
  }
}

function attach(context: TestContext, files: BridgeFiles, who: 'alice' | 'bob' | 'olga') {
  return openTerminal(context, 'ssh', sshArgs(files, who, 'core-sw1'))
}

test(
  'OpenSSH’s ~B reaches the line, and everyone at the console is told',
  async context => {
    const { files, breaks } = await withTracedBridge(context)
    const bob = attach(context, files, 'bob')
    await bob.says(/you type\]/)
    const alice = attach(context, files, 'alice')
    await alice.says(/for help\]/)
    alice.types('~B')
    await alice.says(/\[oobm: alice sent BREAK, 1000 ms\]/)
    await bob.says(/\[oobm: alice sent BREAK, 1000 ms\]/)
    assertBreaks(await breaks(), [1000])
  },
  LIMIT,
)

test(
  'the escape key and b send one of the default length',
  async context => {
    const { files, target, breaks } = await withTracedBridge(context)
    const alice = attach(context, files, 'alice')
    await alice.says(/for help\]/)
    alice.types('before\x1dbafter')
    await alice.says(/\[oobm: alice sent BREAK, 300 ms\]/)
    assertBreaks(await breaks(), [300])
    await target.hears(/^beforeafter$/)
  },
  LIMIT,
)

test(
  'the command break sends one, and answers with its length',
  async context => {
    const { files, breaks } = await withTracedBridge(context)
    const plain = await runCommand(files, 'alice', 'core-sw1', 'break')
    assert.equal([plain.code, plain.stdout], [0, 'BREAK sent to core-sw1, 300 ms\n'])
    const long = await runCommand(files, 'alice', 'alice:console', 'break 450')
    assert.equal([long.code, long.stdout], [0, 'BREAK sent to core-sw1, 450 ms\n'])
    assertBreaks(await breaks(), [300, 450])
  },
  LIMIT,
)

test(
  'nothing that anybody types comes between a BREAK and the key after it',
  async context => {
    const { files, target, trace, breaks } = await withTracedBridge(context)
    const alice = attach(context, files, 'alice')
    await alice.says(/for help\]/)
    const sent = runCommand(files, 'bob', 'core-sw1', 'break', '1500', '--sysrq', 'h')
    await waitFor('the break to begin', async () => /TIOCSBRK/.test(await readFile(trace, 'utf8')))
    alice.types('typed meanwhile')
    const { code, stdout } = await sent
    assert.equal([code, stdout], [0, 'BREAK and SysRq h sent to core-sw1, 1500 ms\n'])
    await alice.says(/\[oobm: bob sent BREAK and SysRq h, 1500 ms\]/)
    assert.match(target.heard(), /^h/)
    const sun = await runCommand(files, 'bob', 'core-sw1', 'break', '--as', 'sun')
    assert.equal([sun.code, sun.stdout], [0, 'the sequence sun (no BREAK) sent to core-sw1\n'])
    const then = await runCommand(files, 'bob', 'core-sw1', 'break', '--then=x\\\\x02')
    assert.is(then.code, 0, then.stderr)
    await target.hears(/#\.x\x02$/)
    const both = await runCommand(files, 'bob', 'core-sw1', 'break', '--as=sun', '--sysrq=h')
    assert.is(both.code, 64)
    assertBreaks(await breaks(), [1500, 300])
  },
  LIMIT,
)

/** With a client that wants a reply to each, which OpenSSH and PuTTY do not. */
async function askForBreaks({ directory, port }: BridgeFiles, who: 'alice' | 'olga', ...lengths: string[]) {
  const script = join(import.meta.dirname, 'testing', 'send-breaks.py')
  const login = [String(port), join(directory, who), join(directory, 'hosts'), 'core-sw1']
  const asked = await runProgram('/usr/bin/python3', [script, ...login, ...lengths], { timeoutMs: 60_000 })
  assert.is(asked.code, 0, asked.stderr)
  return asked.stdout
}

test(
  'another client’s requests of 0, 50, 700 and 10000 ms are kept within the bounds',
  async context => {
    const { files, breaks } = await withTracedBridge(context)
    assert.match(
      await askForBreaks(files, 'alice', '0', '50', '700', '10000'),
      /^True\n.*300 ms\]\nTrue\n.*100 ms \(asked 50 ms\)\]\nTrue\n.*700 ms\]\nTrue\n.*3000 ms \(asked 10000 ms\)\]/s,
    )
    assertBreaks(await breaks(), [300, 100, 700, 3000])
  },
  LIMIT,
)

test(
  'BREAKs requested at the same time follow one another',
  async context => {
    const { files, breaks } = await withTracedBridge(context)
    const outcomes = await Promise.all(
      (['alice', 'bob'] as const).map(who => runCommand(files, who, 'core-sw1', 'break 200')),
    )
    assert.equal(
      outcomes.map(({ code }) => code),
      [0, 0],
    )
    assertBreaks(await breaks(), [200, 200])
  },
  LIMIT,
)

test(
  'a BREAK goes on when the connection that requested it is lost',
  async context => {
    const { files, breaks } = await withTracedBridge(context)
    const alice = attach(context, files, 'alice')
    const bob = attach(context, files, 'bob')
    await Promise.all([alice.says(/for help\]/), bob.says(/for help\]/)])
    alice.types('~B')
    // The request is in the client's socket before the client reads its disconnect.
    alice.types('\r~.')
    await waitFor('ssh to end', () => alice.ended())
    await bob.says(/alice sent BREAK, 1000 ms\]/)
    assertBreaks(await breaks(), [1000])
  },
  LIMIT,
)

test(
  'a BREAK that is on when the program ends is taken back',
  async context => {
    const { files, bridge, trace, breaks } = await withTracedBridge(context)
    const ran = runCommand(files, 'alice', 'core-sw1', 'break 3000')
    await waitFor('the break to begin', async () => /TIOCSBRK/.test(await readFile(trace, 'utf8')))
    assert.equal(await bridge.stop(10_000), { code: 0, signal: null })
    await ran
    await waitFor('the tracer to be done', async () => /exited with 0/.test(await readFile(trace, 'utf8')))
    assert.is((await breaks()).length, 1)
  },
  LIMIT,
)

test(
  'a BREAK does not wait for a paste that the target does not take, and drops the rest of it',
  async context => {
    const { files, target, breaks } = await withTracedBridge(context)
    const alice = attach(context, files, 'alice')
    await alice.says(/for help\]/)
    target.stall(true)
    alice.types('x'.repeat(60_000))
    await statusWhere(files, 'stalled', ({ consoles }) => (consoles[0]?.bytesOut ?? 0) > 0)
    const ran = await runCommand(files, 'bob', 'core-sw1', 'break')
    assert.is(ran.code, 0)
    const [, discarded] = await alice.says(
      /\[oobm: bob sent BREAK, 300 ms; what the target had not taken was discarded \((\d+) bytes or more\)\]/,
    )
    target.stall(false)
    alice.types('\rafter')
    await target.hears(/\rafter/)
    assert.ok(target.heard().length <= 60_006 - Number(discarded), 'what was said to be discarded is')
    assertBreaks(await breaks(), [300])
  },
  LIMIT,
)

test(
  'a BREAK is refused to an observer, and where the line is closed',
  async context => {
    const { files, target, breaks } = await withTracedBridge(context)
    const OBSERVER = 'read-only: you are an observer; neither typing nor BREAK is sent'
    const WATCHES = 'read-only: this session only watches; neither typing nor BREAK is sent'
    const olga = attach(context, files, 'olga')
    await olga.says(/you watch\]/)
    // By each of the ways there are, the same sentence; a BREAK is answered each time.
    for (const keys of ['~B', '\x1db', '\x1db', '\x1dw']) {
      const answers = olga.output().split(`[oobm: ${OBSERVER}]`).length
      olga.types(keys)
      await waitFor(`an answer to ${keys}`, () => olga.output().split(`[oobm: ${OBSERVER}]`).length > answers)
    }
    const ran = await runCommand(files, 'olga', 'core-sw1', 'break')
    assert.equal([ran.code, ran.stderr], [77, `${OBSERVER}\n`])
    assert.match(await askForBreaks(files, 'olga', '300'), `False\n`)
    const watcher = openTerminal(context, 'ssh', ['-t', ...sshArgs(files, 'alice', 'core-sw1', 'watch')])
    await watcher.says(/you are alice, operator: you watch\]/)
    watcher.types('~B')
    await watcher.says(new RegExp(`\\[oobm: ${WATCHES}\\]`))
    await target.unplug()
    await statusWhere(files, 'closed', ({ consoles }) => consoles[0]?.state === 'closed')
    const closed = await runCommand(files, 'alice', 'core-sw1', 'break')
    assert.is(closed.code, 69)
    assert.match(closed.stderr, /no BREAK was sent: the line is closed: /)
    const alice = attach(context, files, 'alice')
    await alice.says(/for help\]/)
    alice.types('~B')
    await alice.says(/\[oobm: no BREAK was sent: the line is closed: /)
    assertBreaks(await breaks(), [])
  },
  LIMIT,
)

test.run()
