import { generateKeyPairSync } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { decodeText } from '../runtime/decode-text.ts'
import { UserError } from '../runtime/errors.ts'
import { makeKey } from '../testbed/make-key.ts'
import { runProgram } from '../testbed/run-program.ts'
import { scratchDirectory } from '../testbed/scratch.ts'
import { suite } from '../testbed/suite.ts'
import { readPublicKeys } from './public-key-file.ts'

const test = suite('public keys as people have them')

const read = (bytes: Buffer | string) => readPublicKeys('k.pub', decodeText('k.pub', Buffer.from(bytes as string)))

function refusal(bytes: Buffer | string): string {
  try {
    read(bytes)
  } catch (err) {
    if (err instanceof UserError) return err.message
    throw err
  }
  return ''
}

test('reads what Windows and PuTTYgen make of one', async context => {
  const folder = await scratchDirectory(context)
  const { path, publicKey } = await makeKey(folder, 'alice')
  const line = `${publicKey} alice@desk\r\n`
  const rfc4716 = (await runProgram('ssh-keygen', ['-e', '-f', `${path}.pub`])).stdout
  const alice = [{ key: publicKey, comment: 'alice@desk' }]
  const cases: [string, Buffer | string][] = [
    ['a line', line],
    ['with a mark', `\ufeff${line}`],
    ['UTF-16, as PowerShell writes with >', Buffer.from(`\ufeff${line}`, 'utf16le')],
    ['UTF-16 without a mark', Buffer.from(line, 'utf16le')],
    ['among comments and empty lines', `# mine\r\n\r\n${line}`],
  ]
  for (const [what, bytes] of cases) assert.equal(read(bytes), alice, what)
  const block = rfc4716.replace(/Comment: .*/, 'Comment: "alice@desk"')
  assert.equal(read(block), alice)
  assert.equal(read(Buffer.from(`\ufeff${block.replaceAll('\n', '\r\n')}`, 'utf16le')), alice)
  assert.equal(read(block.replace('alice@desk', 'al\\\nice@desk').replace('Comment', 'Subject: a\ncomment')), alice)
  assert.equal(read(`${block}${line}`), [...alice, ...alice], 'several')
})

test('refuses every private key, says where the public one is, and repeats nothing of the key', async context => {
  const folder = await scratchDirectory(context)
  const { path, privateKey } = await makeKey(folder, 'alice')
  const pem = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ type: 'pkcs1', format: 'pem' })
  const ppk = join(folder, 'alice.ppk')
  await runProgram('puttygen', [path, '-O', 'private', '-o', ppk, '--new-passphrase', '/dev/null'])
  const body = privateKey.split('\n')[1] ?? ''
  const cases: [string, RegExp][] = [
    [privateKey, /^k\.pub is a private key: .*ssh-keygen -y -f FILE/],
    [String(pem), /^k\.pub is a private key/],
    [
      await readFile(ppk, 'utf8'),
      /^k\.pub is a private key of PuTTY: .*PuTTYgen .*puttygen FILE\.ppk -O public-openssh/,
    ],
    [body, /^k\.pub, line 1: must be a public key line beginning with ssh-ed25519, .* …$/],
  ]
  for (const [text, message] of cases) {
    for (const bytes of [Buffer.from(text), Buffer.from(`\ufeff${text}`, 'utf16le')]) {
      const said = refusal(bytes)
      assert.match(said, message)
      for (const line of text.split('\n').filter(line => line.length > 40))
        assert.not.ok(said.includes(line.slice(0, 30)))
    }
  }
})

test('says how to convert another form, and the command does so', async context => {
  const folder = await scratchDirectory(context)
  const path = join(folder, 'rsa')
  await runProgram('ssh-keygen', ['-q', '-t', 'rsa', '-b', '2048', '-N', '', '-f', path])
  const [type, base64] = (await readFile(`${path}.pub`, 'utf8')).split(' ')
  for (const form of ['PKCS8', 'PEM']) {
    const { stdout } = await runProgram('ssh-keygen', ['-e', '-m', form, '-f', `${path}.pub`])
    assert.match(
      refusal(stdout),
      new RegExp(`^k\\.pub is a public key in another form: "ssh-keygen -i -m ${form} -f FILE"`),
    )
    await writeFile(join(folder, form), stdout)
    const converted = await runProgram('ssh-keygen', ['-i', '-m', form, '-f', join(folder, form)])
    assert.is(read(converted.stdout)[0]?.key, `${type} ${base64}`)
  }
})

test('names a character outside ASCII in a key', async context => {
  const { publicKey } = await makeKey(await scratchDirectory(context), 'alice')
  assert.match(
    refusal(publicKey.replace(' ', '\u00a0')),
    /line 1: must be a public key line .*\(character 12 is U\+00A0 \(no-break space\)\)$/,
  )
  assert.match(
    refusal(publicKey.replace('AAAAC', 'AAAA\u0421')),
    /line 1: is damaged: .*character 5 is U\+0421 \(Cyrillic, looks like C\)/,
  )
  assert.match(refusal(''), /is empty/)
  assert.match(refusal('# nothing\n'), /^k\.pub holds no public key$/)
  assert.match(
    refusal(Buffer.from(`${publicKey} J\u00fcrgen`, 'latin1')),
    /k\.pub:1: has a character that is not UTF-8/,
  )
})

test.run()
