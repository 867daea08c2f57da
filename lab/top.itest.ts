import { readdir } from 'node:fs/promises'
import * as assert from 'uvu/assert'
import { statusWhere } from '../console-bridge/testing/bridge-fixture.ts'
import { hangUp } from '../testbed/hang-up.ts'
import { runProgram } from '../testbed/run-program.ts'
import { scratchDirectory } from '../testbed/scratch.ts'
import { descendantsOf, isAlive } from '../testbed/sshd.ts'
import { suite } from '../testbed/suite.ts'
import { waitFor } from '../testbed/wait-for.ts'
import { commandLine, topScene } from './testing/top-scene.ts'

const test = suite('oobm-relay top')
const LIMIT = { timeoutMs: 240_000 }

/** Text that a terminal would obey, in each text that a device chooses. */
const EVIL = '\x1b[2J\x1b]0;owned\x07\x9b31m\u202e東'

test(
  'shows the fleet, follows it over one login, opens a console and a shell, and comes back',
  async context => {
    const { screen: start, record, target, files, logins } = await topScene(context)
    const screen = await start()
    await screen.shows(/^oobm-relay top {2}2 devices, 1 proved/)
    await screen.shows(/^> rack2 +never +- +- +it never connected/m)
    await screen.shows(/^ {2}rack1 +ready +\d+s +2h$/m)
    await screen.shows(/^ {4}core-sw1 +open +\d+s +東京, rack 14$/m)
    assert.match(
      await screen.text(),
      /Enter open {2}\/ search {2}f filter {2}Tab consoles {2}r login {2}\? help {2}q end/,
    )
    assert.is(await logins(), 1)

    await record('rack1', {
      state: 'no-console',
      cause: EVIL,
      software: EVIL,
      uplink: EVIL,
      consoles: [
        { name: 'core-sw1', open: false, cause: EVIL, who: [{ technician: EVIL, types: true, forS: 1 }], outputS: 5 },
        { name: EVIL, open: true, cause: EVIL, who: [], outputS: null },
      ],
    })
    await screen.shows(/^ {2}rack1 +no-console .*\?\[2J\?\]0;owned\?\?31m\?東/m)
    await screen.shows(/^ {4}core-sw1 +CLOSED +\d+s +\?\[2J/m)
    assert.match(await screen.text(), /^oobm-relay top .*1 console closed/)
    assert.not.match(await screen.coloured(), /\x1b\[2J|\x1b\]0|owned\x07|\u202e/)
    const { stdout: title } = await screen.tmux('display-message', '-p', '#{pane_title}')
    assert.not.match(title, /owned/)

    await record('rack1')
    await screen.shows(/^ {4}core-sw1 +open/m)
    await screen.literally('/東京')
    await screen.shows(/^\/東京_ +Enter keeps the search, Esc ends it$/m)
    assert.not.match(await screen.text(), /rack2/)
    await screen.keys('Enter', 'Down')
    await screen.shows(/^> {3}core-sw1/m)
    await screen.keys('Enter')
    await screen.shows(/\[oobm: connecting to core-sw1; .*\]\n.*\[oobm: you are alice, operator: you type\]/s)
    await screen.literally('show clock\r')
    await target.hears(/show clock\r/)
    await statusWhere(files, 'alice', ({ consoles }) => consoles[0]?.sessions[0]?.technician === 'alice')
    await screen.literally('\x1dd')
    await screen.shows(/^> {3}core-sw1 +open/m)
    await screen.keys('Up')
    await screen.shows(/^> rack1/m)
    await screen.keys('Enter')
    await screen.shows(/connecting to rack1[\s\S]*\n.*[#$%>] *$/m)
    await screen.literally('echo in-$((40+2)); exit 3\r')
    await screen.shows(/in-42[\s\S]*rack1 ended with code 3; press a key for the list/)
    await screen.keys('Space')
    await screen.shows(/^> rack1 +ready/m)
    assert.is((await logins()) >= 2, true)

    await screen.keys('Escape')
    await screen.shows(/^ {2}rack2/m)
    await screen.tmux('resize-window', '-x', '200', '-y', '50')
    await screen.shows(/STATE +OUTPUT PROVED SINCE RTT +UPLINK +VERSION +WHO/)
    await screen.shows(/^oobm-relay top .* lon \d+s ago {2}\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC$/m)
    await screen.tmux('resize-window', '-x', '40', '-y', '8')
    await screen.shows(/^> rack1 +ready/m)
    await screen.tmux('resize-window', '-x', '80', '-y', '24')
    await screen.keys('?')
    await screen.shows(/^Keys of oobm-relay top/)
    await screen.keys('x', 'q')
    await screen.shows(/\[exit 0\]/)
    assert.not.match(await screen.text(), /DEVICE \/ CONSOLE/)
    assert.match(await screen.text(), /^\[oobm: asking relay lon; Ctrl-C ends\]/)
  },
  LIMIT,
)

test(
  'says that a relay is lost, marks what it does not know any more, and follows it again',
  async context => {
    const { screen: start, relay } = await topScene(context)
    const screen = await start()
    await screen.shows(/^ {2}rack1 +ready/m)
    const [session] = await relay.descendants()
    assert.ok(session)
    const sessions = await relay.descendants()
    for (const pid of sessions) process.kill(pid, 'SIGSTOP')
    await screen.shows(/^relay lon has said nothing for \d+s/m)
    await screen.shows(/^ {2}rack1 +ready\?/m)
    await screen.shows(/^ {4}core-sw1 +open\?/m)
    for (const pid of sessions) process.kill(pid, 'SIGCONT')
    await screen.shows(/^ {2}rack1 +ready /m)
    for (const pid of sessions) process.kill(pid, 'SIGKILL')
    await screen.keys('r')
    await screen.shows(/all relays answer|^> /m)
    await screen.shows(/^ {2}rack1 +ready /m)
  },
  LIMIT,
)

test(
  'of two relays, shows the devices of both, and goes on with one while the other is gone',
  async context => {
    const { screen: start, record, relays } = await topScene(context, { relays: ['lon', 'par'] })
    const [lon, par] = relays
    assert.ok(lon && par)
    await record('rack2', { state: 'unproved', cause: 'its sshd does not answer', consoles: [] }, par)
    const screen = await start()
    await screen.tmux('resize-window', '-x', '200', '-y', '24')
    await screen.shows(/^oobm-relay top .* lon \d+s ago, par \d+s ago {2}/m)
    await screen.shows(/^. rack2 +unproved .* par +its sshd does not answer$/m)
    await screen.shows(/^. rack1 +ready .* lon/m)

    await par.sshd.stop()
    await screen.shows(/^relay par has said nothing for \d+s: .*; r logs in again$/m)
    await screen.shows(/^. rack2 +unproved\?/m)
    // The other one is followed all the same.
    await record('rack1', { state: 'no-console', cause: 'a line is not open' })
    await screen.shows(/^. rack1 +no-console .* lon/m)
    assert.match(await screen.text(), /^oobm-relay top .* lon \d+s ago {2}/m)
  },
  LIMIT,
)

test(
  'gives the terminal back however it ends, and leaves nothing behind',
  async context => {
    const { screen: start, command } = await topScene(context)
    const modes = async (screen: Awaited<ReturnType<typeof start>>) =>
      (await screen.tmux('display-message', '-p', '#{alternate_on} #{cursor_flag} #{wrap_flag}')).stdout.trim()
    const programOf = async (screen: Awaited<ReturnType<typeof start>>) => {
      const { stdout } = await screen.tmux('display-message', '-p', '#{pane_pid}')
      for (const pid of await descendantsOf(Number(stdout)))
        if (/ top --fleet/.test(await commandLine(pid)) && !/^sh |^env /.test(await commandLine(pid))) return pid
      throw new Error('it does not run')
    }
    for (const signal of ['SIGTERM', 'SIGHUP', 'SIGKILL', 'SIGSEGV'] as const) {
      const screen = await start()
      await screen.shows(/^ {2}rack1 +ready/m)
      assert.is(await modes(screen), '1 0 0')
      const pid = await programOf(screen)
      const below = await descendantsOf(pid)
      process.kill(pid, signal)
      // What the shell says of a kill may be on the screen that goes away.
      const isKilled = signal === 'SIGKILL' || signal === 'SIGSEGV'
      await screen.shows(isKilled ? /^oobm-relay top was killed: Enter shows your prompt$/m : /\[exit \d+\]/)
      await waitFor(`the screen after ${signal}`, async () => (await modes(screen)) === '0 1 1')
      const { stdout: tty } = await screen.tmux('display-message', '-p', '#{pane_tty}')
      const settings = async () => (await runProgram('stty', ['-a', '-F', tty.trim()])).stdout
      await waitFor(`the settings after ${signal}`, async () => /\bisig icanon[\s\S]* echo /.test(await settings()))
      await waitFor('nothing to be left', async () => (await Promise.all(below.map(isAlive))).every(alive => !alive))
    }

    // The connection by which somebody looks dies.
    const screen = await start()
    await screen.shows(/^ {2}rack1 +ready/m)
    const pid = await programOf(screen)
    const all = [pid, ...(await descendantsOf(pid))]
    await screen.tmux('kill-server')
    await waitFor('nothing to be left', async () => (await Promise.all(all.map(isAlive))).every(alive => !alive))

    const stopped = await start()
    await stopped.shows(/^ {2}rack1 +ready/m)
    const stoppedPid = await programOf(stopped)
    await stopped.keys('C-z')
    await waitFor('the screen while it is stopped', async () => (await modes(stopped)) === '0 1 1')
    process.kill(stoppedPid, 'SIGCONT')
    await waitFor('the screen again', async () => (await modes(stopped)) === '1 0 0')
    await stopped.shows(/^ {2}rack1 +ready/m)
    await stopped.keys('q')
    await stopped.shows(/\[exit 0\]/)

    const [head = '', ...rest] = command
    const { code, stderr } = await runProgram(head, rest, { timeoutMs: 60_000 })
    assert.is(code, 64)
    assert.match(stderr, /^top needs a terminal: "oobm-relay top --once" prints the list once/)
    const once = await runProgram(head, [...rest, '--once'], { timeoutMs: 60_000 })
    assert.is(once.code, 0, once.stderr)
    assert.match(
      once.stdout,
      /^DEVICE \/ CONSOLE +STATE[\s\S]*^rack2 +never[\s\S]*^rack1 +ready[\s\S]*^ {2}core-sw1 +open/m,
    )
    const dumb = await runProgram('script', ['-qec', [...command].join(' '), '/dev/null'], {
      env: { TERM: 'dumb' },
      timeoutMs: 60_000,
    })
    assert.match(dumb.stdout, /needs a terminal that can move its cursor, and TERM is "dumb"/)
    assert.is(dumb.code, 64)
  },
  LIMIT,
)

test(
  'top and connect die by SIGHUP when their terminal goes away, as at a window that is closed',
  async context => {
    const { command, files } = await topScene(context)
    const at = command.indexOf('top')
    const connect = [...command.slice(0, at), 'connect', 'core-sw1', ...command.slice(at + 1)]
    for (const [text, program] of [
      ['core-sw1', command],
      ['you type', connect],
    ] as const) {
      const folder = await scratchDirectory(context)
      const env = { TERM: 'xterm', TMPDIR: folder }
      assert.is(await hangUp(text, program, { env }), 'SIGHUP')
      const left = (await readdir(folder)).filter(name => name.startsWith('oobm-'))
      assert.equal(left, [], 'what it had in its folder is gone')
    }
    await statusWhere(files, 'nobody', ({ consoles }) => consoles[0]?.sessions.length === 0)
  },
  LIMIT,
)

test.run()
