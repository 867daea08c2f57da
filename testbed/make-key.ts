/** Makes key pairs with ssh-keygen. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { runProgram } from './run-program.ts'

export interface KeyPair {
  /** Path of the private half; the public half has `.pub` after it. */
  path: string
  privateKey: string
  /** Type and base64, without a comment. */
  publicKey: string
}

/** Makes an Ed25519 key pair `name` in `directory`, with a passphrase or without. */
export async function makeKey(directory: string, name: string, passphrase = ''): Promise<KeyPair> {
  const path = join(directory, name)
  const { code, stderr } = await runProgram('ssh-keygen', [
    '-q',
    '-t',
    'ed25519',
    '-N',
    passphrase,
    '-C',
    name,
    '-f',
    path,
  ])
  if (code !== 0) throw new Error(`ssh-keygen: ${stderr}`)
  const [type, base64] = (await readFile(`${path}.pub`, 'utf8')).split(' ')
  return { path, privateKey: await readFile(path, 'utf8'), publicKey: `${type} ${base64}` }
}
