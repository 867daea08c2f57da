/** Whether one of the signers signed these bytes: `ssh-keygen -Y verify`, ssh-keygen(1). Its other checks take any key, and are never used. */
import { mkdtemp, open, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import spawn from 'nano-spawn'
import {
  documentError,
  SETTINGS_NAMESPACE,
  SETTINGS_PRINCIPAL,
  type SplitDocument,
} from '../formats/settings-document.ts'
import { UserError } from '../runtime/errors.ts'

/** Milliseconds: a slow board that starts everything at once. */
const LIMIT_MS = 60_000

/**
 * @param signers public keys, each one line
 * @throws ConfigurationError when none of them did; UserError when that cannot be found out
 */
export async function verifySignature(
  name: string,
  { signed, signature }: SplitDocument,
  signers: readonly string[],
): Promise<void> {
  if (signers.length === 0)
    throw documentError(
      name,
      'cannot be verified: this device knows no signer. An administrator brings one by "sudo oobm import", as [settings] signers',
    )
  // Made with mode 0700, and below /tmp that is the unit's own.
  const folder = await mkdtemp(join(tmpdir(), 'oobm-apply-'))
  try {
    const [allowed, block, text] = ['signers', 'signature', 'text'].map(file => join(folder, file)) as [
      string,
      string,
      string,
    ]
    await writeFile(allowed, allowedSigners(signers))
    await writeFile(block, signature)
    await writeFile(text, signed)
    const input = await open(text)
    try {
      await spawn(
        'ssh-keygen',
        ['-Y', 'verify', '-n', SETTINGS_NAMESPACE, '-I', SETTINGS_PRINCIPAL, '-f', allowed, '-s', block],
        { stdin: input.fd, timeout: LIMIT_MS, env: { LC_ALL: 'C' } },
      )
    } finally {
      await input.close()
    }
  } catch (err) {
    throw isAnswer(err)
      ? documentError(name, 'has no good signature of a signer that this device knows')
      : new UserError('the signature cannot be verified: ssh-keygen does not run', undefined, { cause: err })
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** allowed_signers(5) in ssh-keygen(1). No validity dates: the board may not know the time. */
export function allowedSigners(signers: readonly string[]): string {
  return signers.map(key => `${SETTINGS_PRINCIPAL} namespaces="${SETTINGS_NAMESPACE}" ${key}\n`).join('')
}

/** It ran to its end, and said no: what could not be started has a negative code, what was killed has none. */
function isAnswer(err: unknown): boolean {
  const { exitCode } = err as { exitCode?: unknown }
  return typeof exitCode === 'number' && exitCode > 0
}
