/** Asks an SSH server for its host keys by ssh-keyscan, the stock program for it. An answer proves nothing by itself. */
import spawn, { SubprocessError } from 'nano-spawn'
import { EXIT, errorCode, UserError } from '../runtime/errors.ts'

/** Seconds for the server to answer. */
const PATIENCE_S = 10

/**
 * @param types as ssh-keyscan names them: `ed25519`, `ecdsa`, `rsa`
 * @returns `TYPE BASE64` of each key; none when nobody answers
 * @throws UserError when ssh-keyscan is missing
 */
export async function scanHostKeys(
  host: string,
  port: number,
  types: readonly string[],
  signal: AbortSignal,
): Promise<string[]> {
  const args = ['-T', String(PATIENCE_S), '-p', String(port), '-t', types.join(','), '--', host]
  const { stdout } = await spawn('ssh-keyscan', args, { signal }).catch((err: unknown) => {
    signal.throwIfAborted()
    if (!(err instanceof SubprocessError)) throw err
    // From OpenSSH 9.9 it fails when nobody answers; before, it prints nothing.
    if (errorCode(err.cause) !== 'ENOENT') return { stdout: err.stdout }
    const advice = 'install the package openssh-client'
    throw new UserError(`ssh-keyscan is missing: ${advice}`, EXIT.unavailable, { cause: err })
  })
  return stdout
    .split('\n')
    .filter(line => line !== '' && !line.startsWith('#'))
    .map(line => line.split(' ').slice(1, 3).join(' '))
}
