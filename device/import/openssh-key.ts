/** What a private key in OpenSSH's own format says without being opened: its public half, and whether it is encrypted. */

const MAGIC = 'openssh-key-v1\0'

export interface PrivateKeyFacts {
  /** Type and base64, as in a .pub file without its comment. */
  publicKey: string
  encrypted: boolean
}

/**
 * Format: PROTOCOL.key in OpenSSH's source. After the magic: cipher, key derivation and its options, a count, and the
 * public key, none of them encrypted.
 * @returns undefined when the text is not a whole key of that format
 */
export function readPrivateKey(text: string): PrivateKeyFacts | undefined {
  const blob = Buffer.from(text.replace(/-----[A-Z ]+-----/g, ''), 'base64')
  if (blob.toString('latin1', 0, MAGIC.length) !== MAGIC) return undefined
  let at = MAGIC.length
  const next = (): Buffer | undefined => {
    if (at + 4 > blob.length) return undefined
    const start = at + 4
    at = start + blob.readUInt32BE(at)
    return at <= blob.length ? blob.subarray(start, at) : undefined
  }
  const [cipher] = [next(), next(), next()]
  at += 4
  const publicBlob = next()
  const privateBlob = next()
  if (!cipher || !publicBlob || publicBlob.length < 4 || !privateBlob) return undefined
  const type = publicBlob.toString('latin1', 4, 4 + publicBlob.readUInt32BE(0))
  return { publicKey: `${type} ${publicBlob.toString('base64')}`, encrypted: cipher.toString('latin1') !== 'none' }
}
