/** `run` with the real bridge, the OpenSSH client and equipment on a pty. */
import { constants } from 'node:fs'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { type Program, runProgram, startProgram } from '../../testbed/run-program.ts'
import { scratchDirectory } from '../../testbed/scratch.ts'
import { suite, type TestContext } from '../../testbed/suite.ts'
import { waitFor } from '../../testbed/wait-for.ts'
import { bridgeFiles, runCommand, sshArgs, startBridge, statusWhere } from '../testing/bridge-fixture.ts'
import { bridgeOnPty } from '../testing/bridge-on-pty.ts'
import { simulatedCli } from './testing/simulated-cli.ts'

const test = suite('run')
const LIMIT = { timeoutMs: 120_000 }

async function withCli(context: TestContext, answers: Parameters<typeof simulatedCli>[1]) {
  const scene = await bridgeOnPty(context)
  const cli = simulatedCli(scene.target, answers)
  const run = (...words: string[]) => runCommand(scene.files, 'alice', 'core-sw1', 'run', ...words)
  return { ...scene, cli, run }
}

/** Its exit code, once it ended by itself. */
async function codeOf(program: Program): Promise<number | null> {
  await waitFor('it to end', () => program.ended())
  return program.child.exitCode
}

test('prints the answer of one line without its echo and the prompt', async context => {
  const { cli, run, files } = await withCli(context, { 'show clock': 'line one\r\n\r\n  line two#\r\n' })
  const answer = await run('--', 'show', 'clock')
  assert.equal([answer.code, answer.stdout, answer.stderr], [0, 'line one\n\n  line two#\n', ''])
  assert.equal(cli.lines, ['show clock'])
  const json = await run('--json', '--', 'show clock')
  const { seconds, ...rest } = JSON.parse(json.stdout)
  assert.equal(rest, {
    command: 'show clock',
    output: 'line one\n\n  line two#\n',
    prompt: 'Router#',
    reason: 'prompt',
    exit: 0,
  })
  assert.type(seconds, 'number')
  await statusWhere(files, 'nobody', ({ consoles }) => consoles[0]?.sessions.length === 0)
})

test('sends each line of standard input after the prompt of the one before, and stops at the first that fails', async context => {
  const { cli, files } = await withCli(context, { a: 'A\r\n', b: 'B\r\n', stuck: () => undefined })
  const input = (text: string, ...words: string[]) =>
    runProgram('ssh', sshArgs(files, 'alice', 'core-sw1', 'run', ...words), { input: text, timeoutMs: 30_000 })
  const both = await input('a\r\nb')
  assert.equal([both.code, both.stdout, both.stderr], [0, 'A\nB\n', ''])
  const stuck = await input('a\nstuck\nb\n', '--idle', '1')
  assert.equal([stuck.code, stuck.stdout], [1, 'A\n'])
  assert.is(
    stuck.stderr,
    '[oobm: no prompt: the target has been silent for 1 s, and there is no unfinished line; the lines after this one were not sent]\n',
  )
  assert.equal(cli.lines, ['a', 'b', 'a', 'stuck'])
  const none = await input('')
  assert.equal([none.code, none.stdout, none.stderr], [0, '', ''])
  cli.answer('yes\r\nRouter#')
  const long = await input(`${'x'.repeat(5_000)}\n`)
  assert.is(long.code, 74, long.stderr)
  assert.match(long.stderr, 'a line of the input is longer than 4096 bytes; it was not sent, and nothing after it')
})

const ANSWER = 'first\r\nsecond\r\n'
const PLAIN = 'first\nsecond\n'
const WIDE = `show running-config | include ${'interface-description-'.repeat(4)}end`

test(
  'knows a prompt from what only looks like one',
  async context => {
    const { cli, run } = await withCli(context, {
      middle: 'a\r\nRouter#\r\nb\r\n',
      slow: async say => {
        say('first\r\n')
        await new Promise(resolve => setTimeout(resolve, 5_000))
        say('second\r\n')
      },
      bar: async say => {
        say('Loading 45%')
        await new Promise(resolve => setTimeout(resolve, 1_000))
        say(' 100%\r\n')
      },
      logs: '\r\n*Mar  1 00:00:10.123: %LINK-3-UPDOWN: Interface up\r\nRouter#x\r\n',
      'show run | include ^x>': 'x>1\r\n',
      colours: '\x1b[31mred\x1b[0m\r\n',
      '#': ANSWER,
    })
    const CASES: [line: string, out: string][] = [
      ['middle', 'a\nRouter#\nb\n'],
      ['slow', PLAIN],
      ['bar', 'Loading 45% 100%\n'],
      ['logs', '\n*Mar  1 00:00:10.123: %LINK-3-UPDOWN: Interface up\nRouter#x\n'],
      ['show run | include ^x>', 'x>1\n'],
      ['colours', 'red\n'],
      ['#', PLAIN],
      ['', ''],
    ]
    for (const [line, out] of CASES) {
      const answer = await run('--', line)
      assert.equal([answer.code, answer.stdout, answer.stderr], [0, out, ''], line)
    }
    cli.prompt = '\x1b[01;32malice@host\x1b[00m:\x1b[01;34m~\x1b[00m$ '
    await run('--', '')
    assert.equal((await run('--', 'colours')).stdout, 'red\n')
    cli.prompt = 'Password: '
    const other = await run('--until', "'^[Pp]assword: $'", '--', 'colours')
    assert.equal([other.code, other.stdout], [0, 'red\n'])
  },
  LIMIT,
)

const ECHOES: [name: string, echo: (line: string) => string][] = [
  ['whole', line => `${line}\r\n`],
  ['CR CR LF', line => `${line}\r\r\n`],
  ['LF alone', line => `${line}\n`],
  ['LF CR', line => `${line}\n\r`],
  ['none', () => ''],
  ['only the line end', () => '\r\n'],
  ['wrapped at 80 columns', line => `${line.replace(/(.{73})/, '$1\r\n')}\r\n`],
  ['wrapped by readline', line => `${line.replace(/(.{73})/, '$1 \r')}\r\n`],
  ['redrawn with backspaces', line => `${line.slice(0, 60)}${'\b'.repeat(60)}$${line.slice(20)}   \b\b\b\r\n`],
  ['behind a log message', line => `\r\n*Mar  1 00:00:10.123: %SYS-5-CONFIG_I: x\r\nRouter#${line}\r\n`],
  ['coloured', line => `\x1b[1m${line}\x1b[0m\x1b[K\r\n`],
]

test(
  'finds the echo however the target echoes',
  async context => {
    const { cli, run } = await withCli(context, { [WIDE]: ANSWER })
    await run('--', '')
    for (const [name, echo] of ECHOES) {
      cli.echo = echo
      const answer = await run('--', WIDE)
      const log = name.includes('log') ? '\n*Mar  1 00:00:10.123: %SYS-5-CONFIG_I: x\n' : ''
      const blank = name === 'only the line end' ? '\n' : ''
      assert.equal([answer.code, answer.stdout, answer.stderr], [0, log + blank + PLAIN, ''], name)
    }
  },
  LIMIT,
)

test('ends at a prompt that a log message has overrun', async context => {
  const { cli, run } = await withCli(context, { show: ANSWER })
  await run('--', '')
  cli.after = '\r\n*Mar  1 00:00:10.123: %LINK-3-UPDOWN: Interface up\r\n'
  const answer = await run('--', 'show')
  assert.is(answer.code, 0, answer.stderr)
  assert.match(answer.stdout, /^first\nsecond\n/)
})

const CHATTER: [name: string, line: (at: number) => string][] = [
  ['a log', at => `*Mar  1 00:00:${at % 60}.123: %SYS-5-CONFIG_I: Configured ${at} times`],
  ['anything else', at => `tick ${at}: all is well`],
]

test(
  'finds the prompt of a target that is never silent',
  async context => {
    for (const [name, line] of CHATTER) {
      const { target, cli, run } = await withCli(context, { show: ANSWER })
      let at = 0
      const timer = setInterval(() => target.says(`${line(at++)}\r\n`), 60)
      context.cleanup(() => clearInterval(timer))
      await waitFor('some of it', () => at > 20)
      for (let round = 0; round < 2; round++) {
        const answer = await run('--timeout', '20', '--json', '--', 'show')
        assert.is(answer.code, 0, `${name}: ${answer.stdout}${answer.stderr}`)
        const { output, prompt, reason } = JSON.parse(answer.stdout)
        assert.equal([reason, prompt], ['prompt', 'Router#'], name)
        assert.match(output, /first\n[\s\S]*second\n/, name)
      }
      assert.equal(cli.lines, ['show', 'show'])
      cli.prompt = ''
      const cut = await run('--timeout', '6', '--', 'show')
      assert.is(cut.code, 124, `${name}: without a prompt, none is found: ${cut.stdout}`)
      clearInterval(timer)
    }
  },
  LIMIT,
)

const PAGERS: [name: string, pager: string, erase: string, key: string][] = [
  ['IOS', ' --More-- ', `${'\b'.repeat(9)}${' '.repeat(9)}${'\b'.repeat(9)}`, ' '],
  ['NX-OS', '\x1b[7m--More--\x1b[27m', '\r\x1b[K', ' '],
  ['Junos', '---(more)---', `\r${' '.repeat(40)}\r`, ' '],
  ['Junos later', '---(more 45%)---', `\r${' '.repeat(40)}\r`, ' '],
  ['more', '--More--(45%)', '\r\x1b[K', ' '],
  ['less', '\x1b[7m:\x1b[27m', '\r\x1b[K', ' '],
  ['less at the end', '\x1b[7m(END)\x1b[27m', '\r\x1b[K', 'q'],
]

test(
  'answers pagers, and leaves them out',
  async context => {
    const { cli, run } = await withCli(context, {})
    for (const [name, pager, erase, key] of PAGERS) {
      cli.pages = { pager, erase, key, pages: ['one\r\n  indented\r\n', '  two\r\n', 'three\r\n'] }
      const answer = await run('--', 'show')
      assert.equal([answer.code, answer.stdout, answer.stderr], [0, 'one\n  indented\n  two\nthree\n', ''], name)
    }
    cli.pages = { pager: '-- next? ', erase: '\r\x1b[K', key: ' ', pages: ['one\r\n', 'two\r\n'] }
    const own = await run('--pager', "'^-- next'", '--', 'show')
    assert.equal([own.code, own.stdout], [0, 'one\ntwo\n'])
  },
  LIMIT,
)

test(
  'prints a megabyte as it is',
  async context => {
    const lines = Array.from({ length: 20_000 }, (_, index) => `${String(index).padStart(6, '0')} ${'x'.repeat(44)}`)
    const { run } = await withCli(context, { big: `${lines.join('\r\n')}\r\n` })
    const answer = await run('--', 'big')
    assert.is(answer.code, 0, answer.stderr)
    assert.ok(answer.stdout === `${lines.join('\n')}\n`, `${answer.stdout.length} bytes`)
    const json = JSON.parse((await run('--json', '--', 'big')).stdout)
    assert.ok(json.output === `${lines.join('\n')}\n`)
  },
  LIMIT,
)

test('holds the keyboard, or sends nothing and says who has it', async context => {
  const { cli, run, files, attach, target } = await withCli(context, { stuck: () => undefined })
  const bob = await attach('bob')
  const refused = await run('--', 'stuck')
  assert.is(refused.code, 75)
  assert.match(refused.stderr, /^\[oobm: nothing was sent: bob types, from 127\.0\.0\.1:\d+\]\n$/)
  assert.equal(cli.lines, [])
  const observer = await runCommand(files, 'olga', 'core-sw1', 'run', '--', 'x')
  assert.is(observer.code, 77)
  bob.types('\x1dd')
  await waitFor('bob to leave', () => bob.ended())
  const held = startProgram('ssh', sshArgs(files, 'alice', 'core-sw1', 'run', '--', 'stuck'))
  context.cleanup(() => held.stop())
  await waitFor('the line', () => cli.lines.length === 1)
  const carol = await attach('bob')
  carol.types('x')
  await carol.says(/not sent: alice \(run\) types/)
  carol.types('\x1dw')
  await carol.says(/took over typing from alice/)
  assert.is(await codeOf(held), 75)
  assert.match(held.output(), /\[oobm: bob took over typing/)
  assert.not.match(target.heard(), /x/)
})

test(
  'ends when the line closes, when the time is over, and when the client leaves',
  async context => {
    const { cli, run, files, target } = await withCli(context, {
      stuck: say => say('half a line'),
      logs: async say => {
        for (let n = 0; n < 30; n++) {
          say(`log ${n}\r\n`)
          await new Promise(resolve => setTimeout(resolve, 100))
        }
      },
    })
    const cut = await run('--timeout', '1', '--', 'logs')
    assert.is(cut.code, 124)
    assert.match(cut.stderr, 'no prompt after 1 s: the answer is cut off here; --timeout waits longer')
    assert.match(cut.stdout, /^log 0\nlog 1\n/)
    await waitFor('the rest', () => cli.isIdle)
    const silent = await run('--idle', '1', '--', 'stuck')
    assert.equal([silent.code, silent.stdout], [1, 'half a line\n'])
    assert.match(silent.stderr, 'its last line is "half a line"; --until names another prompt')
    const interrupted = startProgram('ssh', sshArgs(files, 'alice', 'core-sw1', 'run', '--', 'stuck'))
    await waitFor('the line', () => cli.lines.length === 3)
    interrupted.child.kill('SIGINT')
    await statusWhere(files, 'nobody', ({ consoles }) => consoles[0]?.sessions.length === 0)
    const held = startProgram('ssh', sshArgs(files, 'alice', 'core-sw1', 'run', '--', 'stuck'))
    context.cleanup(() => held.stop())
    const saidMs = Date.now()
    await waitFor('the line', () => cli.lines.length === 4)
    // What is still on its way when the adapter is pulled is lost, as with a real one.
    await statusWhere(files, 'the half line to come', ({ consoles }) => (consoles[0]?.lastOutputAt ?? 0) >= saidMs)
    await target.unplug()
    assert.is(await codeOf(held), 69)
    assert.match(held.output(), /half a line\n\[oobm: the line is closed: /)
    const closed = await run('--', 'x')
    assert.is(closed.code, 74)
    assert.match(closed.stderr, /^\[oobm: nothing was sent: the line is closed: /)
  },
  LIMIT,
)

test('says what is wrong with an expression, and sends nothing', async context => {
  const { cli, run } = await withCli(context, {})
  const wrong = await run('--until', '[', '--', 'x')
  assert.is(wrong.code, 64)
  assert.match(wrong.stderr, /^\[oobm: run: --until: .*\]\n$/)
  const backtracking = await run('--until', "'(a)\\1'", '--', 'x')
  assert.is(backtracking.code, 64, backtracking.stdout)
  assert.equal(cli.lines, [])
})

test(
  'drives a real shell: readline wraps the line, and more and less page',
  async context => {
    const directory = await scratchDirectory(context)
    const path = join(directory, 'tty')
    const shell = startProgram(
      'socat',
      [`PTY,link=${path},raw,echo=0`, 'EXEC:"bash --norc -i",pty,setsid,ctty,stderr'],
      {
        env: { TERM: 'vt100', PS1: 'alice@host:~\\$ ', PATH: process.env.PATH, LC_ALL: 'C', LESS: '', COLUMNS: '80' },
      },
    )
    context.cleanup(() => shell.stop())
    const held = await waitFor('the pty', () =>
      open(path, constants.O_RDWR | constants.O_NOCTTY).catch(() => undefined),
    )
    context.cleanup(() => held.close())
    const files = await bridgeFiles(context, [{ name: 'core-sw1', path }])
    await startBridge(context, files)
    await statusWhere(files, 'open', ({ consoles }) => consoles[0]?.state === 'open')
    const run = (line: string) => runCommand(files, 'alice', 'core-sw1', 'run', '--', line)
    assert.is((await run('stty rows 24 columns 80')).code, 0)
    const numbers = (count: number) => Array.from({ length: count }, (_, index) => `${index + 1}\n`).join('')
    const CASES: [line: string, out: string][] = [
      ['echo hello', 'hello\n'],
      [`echo ${'long '.repeat(60)}| wc -w`, '60\n'],
      ['seq 20000', numbers(20_000)],
      ['echo in; sleep 3; echo between', 'in\nbetween\n'],
      ['false', ''],
    ]
    for (const [line, out] of CASES) {
      const answer = await run(line)
      assert.equal([answer.code, answer.stdout, answer.stderr], [0, out, ''], line)
    }
    const more = await run('seq 60 | more')
    // It fills its last screen with empty lines.
    assert.equal([more.code, more.stdout.replace(/\n+$/, '\n')], [0, numbers(60)])
    const less = await run('seq 60 | less')
    assert.is(less.code, 0, less.stderr)
    for (const number of [1, 23, 24, 60]) assert.match(less.stdout, new RegExp(`^${number}$`, 'm'))
  },
  LIMIT,
)

test.run()
