/** File transfers from the menu: the real ssh client on a terminal, and lrzsz at the other end of a real pty. */
import { chmod, link, lstat, mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { runProgram } from '../testbed/run-program.ts'
import { suite } from '../testbed/suite.ts'
import { screenOf } from '../testbed/tmux-screen.ts'
import { waitFor } from '../testbed/wait-for.ts'
import { runCommand, sshArgs, type TechnicianTerminal } from './testing/bridge-fixture.ts'
import { FILE, withLine } from './testing/transfer-line.ts'

const test = suite('file transfer by the menu')
const LIMIT = { timeoutMs: 300_000 }
const SLOW_MS = 120_000

/** Answers one question after another. */
async function answers(terminal: TechnicianTerminal, ...steps: [question: RegExp, answer: string][]): Promise<void> {
  let from = terminal.output().length
  for (const [question, answer] of steps) {
    await waitFor(`${question}; output:\n${terminal.output()}`, () => question.test(terminal.output().slice(from)))
    from = terminal.output().length
    terminal.types(`${answer}\r`)
  }
}

const DIRECTION = /send or receive \(s, r\); Enter: next, Esc cancels:\] $/
const PROTOCOL = /protocol: x XMODEM, (k XMODEM-1K, y YMODEM|also 1K; y YMODEM); Enter: next/
const FILE_NAME = /file, by number or name; Enter: next/
const SPEED = /speed for its duration \(empty: 115200, as it is\); Enter: next/

test(
  'sends a file by its number, at another speed, and everybody sees how far it is and how it ended',
  async context => {
    const { shared, onTarget, attach, fileAt, speed } = await withLine(context)
    await writeFile(join(shared, 'ios 15.2.bin'), FILE)
    await writeFile(join(shared, 'older.bin'), 'x', { mode: 0o644 })
    await runProgram('touch', ['-d', '2020-01-02 03:04:05Z', join(shared, 'older.bin')])
    const alice = await attach('alice')
    const olga = await attach('olga')
    alice.types('\x1dt')
    await answers(alice, [DIRECTION, 's'], [PROTOCOL, 'y'])
    await alice.says(
      /files in \S+\r\n {2}1 {2}2819 {2}\S+ \S+ {2}ios 15\.2\.bin\r\n {2}2 {5}1 {2}2020-01-02 03:04Z {2}older\.bin\r\n/,
    )
    await answers(alice, [/$/, '1'], [SPEED, '57600'])
    await alice.says(/Ctrl-\] x stops the transfer; it goes on when you leave/)
    await olga.says(/alice transfers a file \(ymodem send ios 15\.2\.bin\)/)
    await olga.says(/the line is at 57600/)
    assert.is(await speed(), '57600')
    await olga.says(/\[oobm: ymodem send: waiting for the target\]/)
    onTarget('rb')
    for (const one of [alice, olga]) {
      await one.says(/the transfer of alice \(ymodem send ios 15\.2\.bin\) is over: the file is complete/, SLOW_MS)
    }
    assert.ok((await fileAt('received/ios 15.2.bin')).equals(FILE))
    assert.is(await speed(), '115200')
  },
  LIMIT,
)

test(
  'receives a file under a name, all answers on one line; never over a file that is there',
  async context => {
    const { shared, onTarget, attach } = await withLine(context)
    await writeFile(join(shared, 'dump'), 'mine')
    const alice = await attach('alice')
    alice.types('\x1dt')
    await answers(
      alice,
      [DIRECTION, 'r x dump'],
      [/dump is there already, and is not replaced[\s\S]*name of the file/, 'new'],
    )
    await answers(alice, [/speed for its duration/, ''])
    onTarget('sx ../original')
    await alice.says(/is over: the file is complete/, SLOW_MS)
    await alice.says(/received: \S+\/new, 2944 bytes/)
    assert.is(await readFile(join(shared, 'dump'), 'utf8'), 'mine')
    assert.ok((await readFile(join(shared, 'new'))).subarray(0, FILE.length).equals(FILE))
    assert.is((await stat(join(shared, 'new'))).mode & 0o7777, 0o660)
    assert.equal((await readdir(shared)).sort(), ['dump', 'new'])
  },
  LIMIT,
)

test(
  'receives several files by YMODEM, under names of their own, beside those that are there',
  async context => {
    const { directory, shared, onTarget, attach } = await withLine(context)
    await writeFile(join(directory, '.odd name'), 'odd')
    await symlink('/nonexistent', join(shared, 'original'))
    await writeFile(join(shared, 'cancel.part'), 'left behind')
    const alice = await attach('alice')
    alice.types('\x1dt')
    await answers(alice, [DIRECTION, 'receive ymodem'], [SPEED, ''])
    onTarget('sh ../offers')
    await alice.says(/is over: the file is complete/, SLOW_MS)
    await alice.says(/received: \S+\/odd_name, 3 bytes/)
    assert.ok((await readFile(join(shared, 'original.1'))).equals(FILE))
    assert.is(await readFile(join(shared, 'odd_name'), 'utf8'), 'odd')
    assert.is(await readFile(join(shared, 'cancel'), 'latin1'), '\x18\x18\x18\x18')
    assert.is(await readFile(join(shared, 'cancel.part'), 'utf8'), 'left behind')
    assert.ok((await lstat(join(shared, 'original'))).isSymbolicLink())
    assert.equal((await readdir(shared)).sort(), ['cancel', 'cancel.part', 'odd_name', 'original', 'original.1'])
  },
  LIMIT,
)

test('takes no link, no second name, no pipe, no folder, no path and nothing hidden', async context => {
  const { files, shared, attach } = await withLine(context)
  const secret = join(files.directory, 'bridge_host_key')
  await symlink(secret, join(shared, 'link'))
  await link(secret, join(shared, 'second'))
  await runProgram('mkfifo', [join(shared, 'pipe')])
  await mkdir(join(shared, 'folder'))
  await writeFile(join(shared, 'folder', 'file'), 'x')
  await writeFile(join(shared, '.hidden'), 'x')
  await writeFile(join(shared, 'empty'), '')
  await writeFile(join(shared, 'cut.part'), 'x')
  await writeFile(join(shared, 'file'), 'x')
  const alice = await attach('alice')
  alice.types('\x1dt')
  await answers(alice, [DIRECTION, 's'], [PROTOCOL, 'x'])
  await alice.says(/ {2}\d {2}0 {2}.* {2}empty\r\n[\s\S]*6 not shown: no regular files, hidden, or not complete/)
  assert.not.match(alice.output(), /link|second|pipe|folder\b.*\r\n {2}/)
  const CASES: [answer: string, says: RegExp][] = [
    ['link', /link is a link/],
    ['second', /second has a second name \(a hard link\)/],
    ['pipe', /pipe is no regular file/],
    ['folder', /folder is no regular file/],
    ['folder/file', /"folder\/file" is no file name/],
    ['../bridge_host_key', /"\.\.\/bridge_host_key" is no file name/],
    [secret, /is no file name/],
    ['.hidden', /"\.hidden" is no file name/],
    ['empty', /empty is empty/],
    ['absent', /there is no file absent/],
    ['99', /there is no file 99/],
    ['', /"" is no file name/],
  ]
  for (const [answer, says] of CASES) {
    const from = alice.output().length
    alice.types(`${answer}\r`)
    await waitFor(answer, () => says.test(alice.output().slice(from)) && FILE_NAME.test(alice.output().slice(from)))
  }
  alice.types('\x1b')
  await alice.says(/cancelled; nothing was sent/)
})

test(
  'the key stops it, whoever presses it of those who may type; the file that began is gone',
  async context => {
    const { files, shared, directory, onTarget, attach, speed } = await withLine(context)
    await writeFile(join(directory, 'large'), Buffer.alloc(50_000_000))
    const alice = await attach('alice')
    const bob = await attach('bob')
    const olga = await attach('olga')
    alice.types('\x1dt')
    await answers(alice, [DIRECTION, 'r y 57600'])
    const target = onTarget('sb ../large')
    await bob.says(/\[oobm: ymodem receive: \d+ %, \d+ of 50000000 bytes, \d+ min left\]/, 60_000)
    assert.equal(await readdir(shared), ['large.part'])
    bob.types('x')
    await bob.says(/not sent: alice transfers a file \(ymodem receive\); a BREAK ends it, and Ctrl-\] x stops it\]/)
    assert.not.match(bob.output(), /not sent: [^\n]*take over/)
    olga.types('\x1dx')
    await olga.says(/read-only: you are an observer/)
    bob.types('\x1dt')
    await bob.says(/alice transfers a file \(ymodem receive\); a BREAK ends it, and Ctrl-\] x stops it/)
    bob.types('\x1dx')
    await alice.says(/the transfer of alice \(ymodem receive\) is over: bob stopped it/)
    await waitFor('the sender, which is cancelled', () => target.ended())
    assert.not(target.child.exitCode === 0)
    await waitFor('an empty folder', async () => (await readdir(shared)).length === 0)
    assert.is(await speed(), '115200')
    // The keyboard is where it was.
    const { stdout } = await runCommand(files, 'bob', 'core-sw1', 'who')
    assert.match(stdout, /alice +types/)
  },
  LIMIT,
)

test(
  'it goes on when the one who began it leaves, and they find it when they come back',
  async context => {
    const { files, shared, onTarget, attach, fileAt } = await withLine(context)
    await writeFile(join(shared, 'file'), FILE)
    const alice = await attach('alice')
    alice.types('\x1dt')
    await answers(alice, [DIRECTION, 's'], [PROTOCOL, 'k'], [FILE_NAME, 'file'], [SPEED, ''])
    await alice.says(/alice transfers a file \(xmodem send file\)/)
    alice.types('\x1dd')
    await waitFor('her end', () => alice.ended())
    const { stdout } = await runCommand(files, 'bob', 'core-sw1', 'who')
    assert.match(stdout, /alice +transfers/)
    const again = await attach('alice')
    await again.says(/a BREAK ends it, and Ctrl-\] x stops it\][\s\S]*xmodem send: waiting for the target/)
    const target = onTarget('rx -c copy')
    await again.says(/the transfer of alice \(xmodem send file\) is over: the file is complete/, SLOW_MS)
    await waitFor('the receiver', () => target.ended())
    assert.ok((await fileAt('received/copy')).subarray(0, FILE.length).equals(FILE))
  },
  LIMIT,
)

test(
  'on a screen of 80 columns: the menu, the files, one line that counts, and the end',
  async context => {
    const { files, directory, shared, onTarget } = await withLine(context)
    await writeFile(join(directory, 'large'), Buffer.alloc(3_000_000))
    for (let file = 1; file <= 20; file++) await writeFile(join(shared, `c2960-lanbasek9-mz.150-2.SE${file}.bin`), 'x')
    const ssh = ['ssh', ...sshArgs(files, 'alice', 'core-sw1')]
    const screen = await screenOf(context, files.directory, ssh)
    await screen.shows(/for help\]/)
    await screen.keys('C-]')
    await screen.literally('?')
    await screen.shows(/ t {2}send or receive a file/)
    await screen.shows(/ x {2}stop a paste or a transfer/)
    await screen.keys('C-]')
    await screen.literally('t')
    await screen.shows(/Esc cancels:\]/)
    await screen.literally('s x')
    await screen.keys('Enter')
    const list = await screen.shows(/files in [\s\S]*5 older files: by their names\n\[oobm: file, by number or name/)
    assert.is(list[0].split('\n').length, 18)
    await screen.keys('Escape')
    await screen.shows(/cancelled; nothing was sent/)
    await screen.keys('C-]')
    await screen.literally('t')
    await screen.shows(/send or receive \(s, r\); Enter: next, Esc cancels:\]\s*$/)
    await screen.literally('r y 115200')
    await screen.keys('Enter')
    onTarget('sb ../large')
    // Twice, so that it has been changed in place.
    const [, first] = await screen.shows(/ymodem receive: +(\d+) %, \d+ of 3000000 bytes, \d+ (s|min) left\]/)
    await waitFor('another number', async () => !(await screen.text()).includes(`receive: ${first} %`))
    const text = await screen.text()
    assert.is(text.match(/ymodem receive: +\d+ %/g)?.length, 1, text)
    await screen.shows(/received: \S+\s?\S*large, 3000000 bytes\]/, SLOW_MS)
    await screen.shows(/is over: the file is complete\]/)
    context.onFailure(screen.text)
    if (process.env.OOBM_SHOW) process.stdout.write(`${list[0]}\n----\n${text}\n----\n${await screen.text()}`)
  },
  LIMIT,
)

test('a folder that is not there, or empty, is said', async context => {
  const { shared, attach } = await withLine(context)
  const alice = await attach('alice')
  alice.types('\x1dt')
  await answers(alice, [DIRECTION, 's x'])
  await alice.says(/there is no file in \S+: copy one there with scp/)
  await chmod(shared, 0o700)
  await runProgram('rmdir', [shared])
  alice.types('\x1dt')
  await answers(alice, [DIRECTION, 's x'])
  await alice.says(/files cannot be read: ENOENT/)
  alice.types('\x1dt')
  await answers(alice, [DIRECTION, 'r x new'], [SPEED, ''])
  await alice.says(/the transfer of alice \(xmodem receive new\) is over: the file on the device: ENOENT/)
})

test.run()
