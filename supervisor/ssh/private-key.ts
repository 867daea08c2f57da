/** Whether a private key can be used with its passphrase, before anything is tried with it. */
import ssh2 from 'ssh2'
import { printable } from '../../runtime/printable.ts'

/** @returns what is wrong, as a sentence part; undefined when the key can be used */
export function readablePrivateKey(text: string, passphrase?: string): string | undefined {
  try {
    const parsed = ssh2.utils.parseKey(text, passphrase)
    if (parsed instanceof Error) return printable(parsed.message)
    const key = Array.isArray(parsed) ? parsed[0] : parsed
    return key?.isPrivateKey() ? undefined : 'it holds no private key'
  } catch (err) {
    // ssh2 throws for some damaged files in place of giving the error.
    return printable(err instanceof Error ? err.message : String(err))
  }
}
