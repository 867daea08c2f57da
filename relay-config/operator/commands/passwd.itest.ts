import { mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { publicKeyOf } from '../../../formats/private-key.ts'
import { makeKey } from '../../../testbed/make-key.ts'
import { programArgs } from '../../../testbed/programs.ts'
import { runProgram, startProgram } from '../../../testbed/run-program.ts'
import { scratchDirectory } from '../../../testbed/scratch.ts'
import { suite, type TestContext } from '../../../testbed/suite.ts'
import { waitFor } from '../../../testbed/wait-for.ts'
import { passwordProblem } from './passwd.ts'

const test = suite('oobm-relay passwd and hop-keys')
const SLOW = { timeoutMs: 120_000 }
const PASSWORD = 'ein Pferd, größer: als $eins'

/** A root with accounts in it, and a fleet. */
async function relayRoot(context: TestContext) {
  const root = await scratchDirectory(context)
  const key = await makeKey(root, 'key')
  await mkdir(join(root, 'etc'))
  const accounts = [
    ['alice', 20_001],
    ['bob', 20_002],
    ['carol', 1000],
  ] as const
  await writeFile(
    join(root, 'etc/passwd'),
    accounts.map(([name, uid]) => `${name}:x:${uid}:${uid}::/:/bin/sh\n`).join(''),
  )
  await writeFile(join(root, 'etc/shadow'), accounts.map(([name]) => `${name}:*:19000:0:99999:7:::\n`).join(''), {
    mode: 0o600,
  })
  const fleet = join(root, 'fleet.toml')
  const technicians = await Promise.all(
    ['alice', 'bob', 'carol', 'dora'].map(async (name, index) => {
      const login = name === 'bob' ? '[]' : '"all"'
      const { publicKey } = await makeKey(root, `key-${name}`)
      return `[[technicians]]\nname = "${name}"\nuid = ${20_001 + index}\nconsoles = "all"\nlogin = ${login}\nkeys = ["${publicKey}"]`
    }),
  )
  await writeFile(
    fleet,
    `version = 1\n[[relays]]\nname = "fra"\nhost = "relay"\naccounts = "dedicated"\nhost_keys = ["${key.publicKey}"]\n${technicians.join('\n')}\n`,
  )
  const args = (...more: string[]) => [
    ...programArgs('relay-config/main.ts'),
    'passwd',
    '--fleet',
    fleet,
    '--root',
    root,
    ...more,
  ]
  const hopKeys = () =>
    runProgram(
      process.execPath,
      [...programArgs('relay-config/main.ts'), 'hop-keys', '--fleet', fleet, '--root', root],
      {
        timeoutMs: 60_000,
      },
    )
  const run = (input: string, ...more: string[]) =>
    runProgram(process.execPath, args(...more), { input, timeoutMs: 60_000 })
  const shadow = async (name: string) => {
    const lines = (await readFile(join(root, 'etc/shadow'), 'utf8')).split('\n')
    return lines.find(line => line.startsWith(`${name}:`))?.split(':')[1]
  }
  /** Whether crypt(3) makes the same of the password. */
  const fits = async (name: string, password: string) => {
    const script = 'local $/; my ($h, $p) = split /\\n/, <STDIN>, 2; print crypt($p, $h) eq $h ? "fits" : "differs"'
    const { stdout, stderr } = await runProgram('perl', ['-e', script], { input: `${await shadow(name)}\n${password}` })
    assert.match(stdout, /^(fits|differs)$/, stderr)
    return stdout === 'fits'
  }
  return { root, fleet, hopKeys, args, run, shadow, fits }
}

test('asks more of a password than the name and four letters', () => {
  for (const bad of [
    '',
    'short',
    'x'.repeat(40),
    'alice-at-the-relay',
    'a\nbcdefghijklmn',
    'abcdefghijk',
    'ä'.repeat(101),
    'tab\tabcdefghijk',
  ]) {
    assert.type(passwordProblem(bad, 'alice'), 'string', bad)
  }
  for (const good of ['correct horse', PASSWORD, 'abcdefghijkl']) assert.is(passwordProblem(good, 'alice'), undefined)
})

if (process.getuid?.() === 0) {
  test(
    'sets the password in shadow, and takes it away so that keys still open the account',
    async context => {
      const { root, run, shadow, fits } = await relayRoot(context)
      const set = await run(`${PASSWORD}\n`, 'alice')
      assert.equal([set.code, set.stdout], [0, 'alice has a new password\n'], set.stderr)
      assert.match((await shadow('alice')) ?? '', /^\$y\$/)
      assert.ok(await fits('alice', PASSWORD))
      assert.not(await fits('alice', `${PASSWORD} `))
      assert.is(await shadow('bob'), '*')
      const locked = await run('', 'alice', '--lock')
      assert.is(locked.code, 0, locked.stderr)
      assert.is(await shadow('alice'), '*')
      const history = await readFile(join(root, 'var/lib/oobm/history.jsonl'), 'utf8')
      const entries = history
        .trim()
        .split('\n')
        .map(line => JSON.parse(line))
      assert.equal(
        entries.map(({ event, technician }) => `${event} ${technician}`),
        ['password set alice', 'password locked alice'],
      )
      assert.not.match(history, PASSWORD)
    },
    SLOW,
  )

  test(
    'changes nothing for others, for a technician without a login, and for a bad password',
    async context => {
      const { run, root } = await relayRoot(context)
      const before = await readFile(join(root, 'etc/shadow'), 'utf8')
      const CASES: [args: string[], input: string, code: number, says: RegExp][] = [
        [['mallory'], PASSWORD, 64, /"mallory" is not a technician/],
        [[], PASSWORD, 64, /missing argument TECHNICIAN/],
        [['alice', 'bob'], PASSWORD, 64, /unexpected argument "bob"/],
        [['bob'], PASSWORD, 78, /bob has no console to log in to/],
        [['carol'], PASSWORD, 1, /the account "carol" in .* is not the technician's, whose uid is 20003/],
        [['carol', '--lock'], '', 1, /is not the technician's/],
        [['dora'], PASSWORD, 1, /dora has no account on this host yet/],
        [['alice'], 'short\n', 64, /at least 12 characters/],
        [['alice'], '', 1, /cancelled; nothing was changed/],
      ]
      for (const [args, input, code, says] of CASES) {
        const answer = await run(input, ...args)
        assert.is(answer.code, code, `${args}: ${answer.stderr}`)
        assert.match(answer.stderr, says)
        assert.not.match(answer.stdout + answer.stderr, PASSWORD)
      }
      assert.is(await readFile(join(root, 'etc/shadow'), 'utf8'), before)
    },
    SLOW,
  )

  test(
    'asks twice on a terminal, and shows nothing of it',
    async context => {
      const { args, shadow, fits } = await relayRoot(context)
      const terminal = async (...lines: string[]) => {
        const line = [process.execPath, ...args('alice')].map(part => `'${part}'`).join(' ')
        const program = startProgram('script', ['-qefc', `exec ${line}`, '/dev/null'])
        context.cleanup(() => program.stop())
        for (const [index, text] of lines.entries()) {
          await program.says(index === 0 ? /New password for alice: $/ : /The password again: $/, 60_000)
          program.child.stdin?.write(text)
        }
        await waitFor('it to end', () => program.ended(), { timeoutMs: 60_000 })
        return program.output()
      }
      assert.match(await terminal(`${PASSWORD}\r`, `${PASSWORD}x\r`), /nothing was changed: the two passwords differ/)
      assert.match(await terminal('half of it\x03'), /cancelled; nothing was changed/)
      assert.is(await shadow('alice'), '*')
      const output = await terminal(`${PASSWORD}xy\x7f\x7f\r`, `${PASSWORD}\r`)
      assert.match(output, /alice has a new password/)
      assert.not.match(output, /Pferd/)
      assert.ok(await fits('alice', PASSWORD))
    },
    SLOW,
  )
  test(
    'makes hop keys once, each for its technician’s account alone, and says what the fleet file needs',
    async context => {
      const { root, fleet, hopKeys } = await relayRoot(context)
      assert.match((await hopKeys()).stderr, /run "oobm-relay apply" first/)
      const folder = join(root, 'etc/oobm/relay/hop_keys')
      await mkdir(join(folder, '..'), { recursive: true })
      const first = await hopKeys()
      assert.is(first.code, 0, first.stderr)
      const said = /^alice: add to hop_keys of this technician: "(ssh-ed25519 \S+)"$/m.exec(first.stdout)?.[1] ?? ''
      assert.not.match(first.stdout, /^bob:/m, 'no login')
      assert.equal((await readdir(folder)).sort(), ['alice', 'alice.pub', 'carol', 'carol.pub', 'dora', 'dora.pub'])
      const { uid, gid, mode } = await stat(join(folder, 'alice'))
      assert.equal([uid, gid, mode & 0o777], [20_001, 0, 0o400])
      assert.is(publicKeyOf(await readFile(join(folder, 'alice'), 'utf8')), said)
      await writeFile(
        fleet,
        (await readFile(fleet, 'utf8')).replace('uid = 20001\n', `uid = 20001\nhop_keys = ["${said}"]\n`),
      )
      const second = await hopKeys()
      assert.match(second.stdout, /^alice: the fleet file has the key$/m)
      await rm(join(folder, 'alice.pub'))
      const third = await hopKeys()
      assert.match(third.stdout, /^alice: add to hop_keys/m, 'half a pair is none')
    },
    SLOW,
  )
} else {
  test.skip('sets passwords', 'shadow is root’s')
}

test.run()
