/** Host keys as files and programs write them, a line each. */
import { publicKeySchema } from '../../../formats/names.ts'

/** The key of each line, whatever comes before it (`host`, `[host]:port`); lines without a key are left out. */
export function publicKeysIn(text: string): string[] {
  const keys = text.split(/\r?\n/).flatMap(line => {
    const parsed = publicKeySchema.safeParse(keyOfLine(line) ?? '')
    return parsed.success ? [parsed.data] : []
  })
  // Ed25519 first, as in all other lists.
  return [...new Set(keys)].toSorted(
    (a, b) => Number(b.startsWith('ssh-ed25519')) - Number(a.startsWith('ssh-ed25519')),
  )
}

/** Describes the first line with a key that cannot be used; kinds that are not supported at all (ssh-dss) are left out. */
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
