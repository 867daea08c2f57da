/** Encrypts a private key with a passphrase, in OpenSSH's own format and by ssh-keygen: no cipher of ours. */
import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import spawn, { SubprocessError } from 'nano-spawn'
import { EXIT, UserError } from '../../runtime/errors.ts'

/** In memory, if possible: the key is unencrypted there for a moment, and never on a disk. */
const MEMORY = '/dev/shm'

/** Encrypts a key with the passphrase. @throws UserError */
export async function seal(privateKey: string, passphrase: string, signal: AbortSignal): Promise<string> {
  return withFile(privateKey, async (path, askpass) => {
    await sshKeygen(['-q', '-p', '-a', '64', '-f', path], askpass, passphrase, signal)
    const sealed = await readFile(path, 'utf8')
    // If ssh-keygen did not ask for the passphrase, the key is still unencrypted.
    if (sealed === privateKey || (await isOpen(path, signal))) throw new UserError('ssh-keygen did not encrypt the key')
    return sealed
  })
}

/** Decrypts a key. @throws UserError for a wrong passphrase */
export async function unseal(sealed: string, passphrase: string, signal: AbortSignal): Promise<string> {
  return withFile(sealed, async (path, askpass) => {
    await sshKeygen(['-q', '-p', '-N', '', '-f', path], askpass, passphrase, signal)
    return readFile(path, 'utf8')
  })
}

/** Type and base64 of an unencrypted key. */
export async function publicHalfOf(privateKey: string, signal: AbortSignal): Promise<string> {
  return withFile(privateKey, async path => {
    const { stdout } = await spawn('ssh-keygen', ['-y', '-P', '', '-f', path], { signal })
    return stdout.split(' ').slice(0, 2).join(' ')
  })
}

async function isOpen(path: string, signal: AbortSignal): Promise<boolean> {
  try {
    await spawn('ssh-keygen', ['-y', '-P', '', '-f', path], { signal })
    return true
  } catch {
    return false
  }
}

async function withFile<T>(key: string, work: (path: string, askpass: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(existsSync(MEMORY) ? MEMORY : tmpdir(), 'oobm-key-'))
  try {
    const [path, askpass] = [join(folder, 'key'), join(folder, 'askpass')]
    await writeFile(path, key, { mode: 0o600 })
    await writeFile(askpass, '#!/bin/sh\nprintf "%s\\n" "$OOBM_PASSPHRASE"\n', { mode: 0o700 })
    return await work(path, askpass)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** Passes the passphrase to ssh-keygen's askpass program by the environment, which nobody else can read: see ssh(1). */
async function sshKeygen(args: string[], askpass: string, passphrase: string, signal: AbortSignal): Promise<void> {
  const env = { SSH_ASKPASS: askpass, SSH_ASKPASS_REQUIRE: 'force', DISPLAY: ':', OOBM_PASSPHRASE: passphrase }
  try {
    await spawn('ssh-keygen', args, { env, stdin: 'ignore', signal })
  } catch (err) {
    signal.throwIfAborted()
    if (!(err instanceof SubprocessError)) throw err
    const said = err.stderr.trim().split('\n').at(-1) || 'install the package openssh-client'
    throw new UserError(`ssh-keygen could not change the passphrase: ${said}`, EXIT.failed, { cause: err })
  }
}
