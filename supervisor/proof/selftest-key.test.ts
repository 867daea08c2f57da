import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { publicKeyOf } from '../../formats/private-key.ts'
import { suite, type TestContext } from '../../testbed/suite.ts'
import { installSelftestKey, keyLine } from './selftest-key.ts'

const test = suite('selftest-key')
const NONCE = '0123456789abcdef0123456789abcdef'

function directory({ cleanup }: TestContext): string {
  const made = mkdtempSync(join(tmpdir(), 'oobm-selftest-'))
  cleanup(() => rmSync(made, { recursive: true }))
  return made
}

/** Runs the forced command as sshd does, once for each of what clients asked for; gives the exit codes. */
function forced(markers: string, ...asked: string[]): number[] {
  const command = /command="([^"]*)"/.exec(keyLine('ssh-ed25519 AAAA', markers))?.[1] ?? ''
  const each = `for asked; do ( SSH_ORIGINAL_COMMAND=$asked; ${command} ); echo $?; done`
  const { stdout } = spawnSync('/bin/sh', ['-c', each, 'sh', ...asked], { cwd: markers, encoding: 'utf8' })
  return stdout.trim().split('\n').map(Number)
}

test('the key is let in for nothing but its command', () => {
  const line = keyLine('ssh-ed25519 AAAA', '/run/oobm/selftest')
  assert.match(line, /^restrict,command="[^"\\]+" ssh-ed25519 AAAA$/)
})

test('the command creates the marker that was asked for, once', context => {
  const markers = directory(context)
  assert.equal(forced(markers, NONCE), [0])
  assert.equal(readdirSync(markers), [NONCE])
  writeFileSync(join(markers, NONCE), 'kept')
  assert.is.not(forced(markers, NONCE)[0], 0)
  assert.is(readFileSync(join(markers, NONCE), 'utf8'), 'kept')
})

test('the command does nothing else, whatever is asked for', context => {
  const markers = directory(context)
  const asked = [
    ...['', 'sh', '../../etc/passwd', NONCE.slice(1), `${NONCE}0`, NONCE.toUpperCase(), `${NONCE}\n`],
    ...[
      `${NONCE.slice(2)}/x`,
      `${NONCE.slice(9)}; touch x`,
      '$(touch x)'.padEnd(32, 'a'),
      '*'.repeat(32),
      'é'.repeat(16),
    ],
  ]
  assert.equal(
    forced(markers, ...asked),
    asked.map(() => 64),
  )
  assert.equal(readdirSync(markers), [])
})

test('a folder whose name a shell would read otherwise is not used', () => {
  for (const markers of ['relative', '/a b', '/a;b', '/a$b', '/a"b', "/a'b", '/a\nb', '/']) {
    assert.throws(() => keyLine('ssh-ed25519 AAAA', markers), 'needs quoting')
  }
})

test('installs the public half, readable for sshd, and keeps the other in memory', async context => {
  const runtime = directory(context)
  const { privateKey, markers } = await installSelftestKey(runtime, 'nobody-of-that-name')
  assert.is(markers, join(runtime, 'selftest'))
  const file = join(runtime, 'selftest.keys')
  assert.is(readFileSync(file, 'utf8'), `${keyLine(`${publicKeyOf(privateKey)} oobm-selftest`, markers)}\n`)
  assert.is(statSync(file).mode & 0o777, 0o644)
  assert.is(statSync(markers).mode & 0o777, 0o730, 'the account may create files, and not list them')
  assert.equal(readdirSync(runtime).sort(), ['selftest', 'selftest.keys'])
})

test('each start has a key of its own, in place of the last one’s', async context => {
  const runtime = directory(context)
  const first = await installSelftestKey(runtime, userInfo().username)
  const second = await installSelftestKey(runtime, userInfo().username)
  assert.is.not(first.privateKey, second.privateKey)
  const lines = readFileSync(join(runtime, 'selftest.keys'), 'utf8').trim().split('\n')
  assert.is(lines.length, 1)
  assert.ok(lines[0]?.includes(publicKeyOf(second.privateKey) ?? '?'))
  assert.is(statSync(second.markers).gid, userInfo().gid)
})

if (process.getuid?.() !== 0) test.skip('gives the folder to the account’s group', 'it takes root to give it away')
else
  test('gives the folder to the account’s own group, as /etc/passwd has it, and to no other', async context => {
    const runtime = directory(context)
    const accounts = readFileSync('/etc/passwd', 'utf8')
      .split('\n')
      .map(line => line.split(':'))
    // One whose group has another number than the account.
    const [name = '', , uid, gid] = accounts.find(([, , uid, gid]) => uid !== gid && Number(gid) > 0) ?? []
    assert.is.not(uid, gid)
    const { markers } = await installSelftestKey(runtime, name)
    assert.equal([statSync(markers).uid, statSync(markers).gid], [0, Number(gid)])
    // The beginning of a name is another name.
    const other = await installSelftestKey(directory(context), name.slice(0, -1))
    assert.is(statSync(other.markers).gid, 0)
  })

test.run()
