/** Reads the first bytes of a server until it is certain whether an SSH server sent them; pure. */

/** Characters of the greeting with its line end (RFC 4253, section 4.2). */
const GREETING_MAX = 255
const BEGINNING = 'SSH-'

/**
 * The RFC lets a server say other lines first. The servers of a device do not, and what a relay could say in their place would have
 * no end.
 */
export function readGreeting(bytes: Uint8Array): 'greeting' | 'incomplete' | 'other' {
  const text = Buffer.from(bytes.subarray(0, GREETING_MAX)).toString('latin1')
  if (text.slice(0, BEGINNING.length) !== BEGINNING.slice(0, text.length)) return 'other'
  if (text.includes('\n')) return 'greeting'
  return text.length < GREETING_MAX ? 'incomplete' : 'other'
}
