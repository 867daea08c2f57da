/** Asks a relay for its host keys. What it answers proves nothing yet: a person, or a fingerprint from elsewhere, must say so. */
import { createHash } from 'node:crypto'
import spawn, { SubprocessError } from 'nano-spawn'
import { publicKeySchema } from '../../../formats/names.ts'
import { EXIT, UserError } from '../../../runtime/errors.ts'

/** Seconds for the relay to answer. */
const PATIENCE_S = 10

/**
 * @returns type and base64 of each key, none where nobody answers
 * @throws UserError when ssh-keyscan is missing
 */
export async function scanHostKeys(host: string, port: number, signal: AbortSignal): Promise<string[]> {
  const args = ['-p', String(port), '-T', String(PATIENCE_S), '-t', 'ed25519,ecdsa,rsa', host]
  try {
    const { stdout } = await spawn('ssh-keyscan', args, { signal })
    return publicKeysIn(stdout)
  } catch (err) {
    signal.throwIfAborted()
    if (!(err instanceof SubprocessError)) throw err
    // From OpenSSH 9.9 it fails where nobody answers; before, it said nothing.
    if (err.exitCode !== undefined) return publicKeysIn(err.stdout)
    throw new UserError(`ssh-keyscan (package openssh-client) cannot be run: ${err.message}`, EXIT.unavailable)
  }
}

/** The key of each line, whatever stands before it (`host`, `[host]:port`); what is no key is left out. */
export function publicKeysIn(text: string): string[] {
  const keys = text.split(/\r?\n/).flatMap(line => {
    const parsed = publicKeySchema.safeParse(keyOfLine(line) ?? '')
    return parsed.success ? [parsed.data] : []
  })
  // Ed25519 first, as everywhere here.
  return [...new Set(keys)].toSorted(
    (a, b) => Number(b.startsWith('ssh-ed25519')) - Number(a.startsWith('ssh-ed25519')),
  )
}

/** The first line that is to be a key and cannot be taken; kinds that we do not take at all (ssh-dss) are left out. */
export function hostKeyProblem(text: string): string | undefined {
  for (const [at, line] of text.split(/\r?\n/).entries()) {
    const key = keyOfLine(line)
    const error = key === undefined ? undefined : publicKeySchema.safeParse(key).error
    if (error !== undefined) return `, line ${at + 1}: ${error.issues[0]?.message}`
  }
  return undefined
}

function keyOfLine(line: string): string | undefined {
  return line.startsWith('#') ? undefined : /(?:ssh-(?:ed25519|rsa)|ecdsa-sha2-nistp\d+)\s+\S+/.exec(line)?.[0]
}

/** As `ssh-keygen -l` writes it. */
export function fingerprint(publicKey: string): string {
  const blob = Buffer.from(publicKey.split(' ')[1] ?? '', 'base64')
  return `SHA256:${createHash('sha256').update(blob).digest('base64').replace(/=+$/, '')}`
}
