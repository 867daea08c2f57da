/** SSH keys in their binary form: the strings in it (RFC 4251, section 5), fingerprints, and what a private key says unopened. */
import { createHash } from 'node:crypto'

/**
 * The string at a place: its length in four bytes, then its bytes.
 * @returns the bytes, and where they end; undefined when the buffer is cut short
 */
export function readString(buffer: Buffer, at: number): { value: Buffer; end: number } | undefined {
  if (at + 4 > buffer.length) return undefined
  const end = at + 4 + buffer.readUInt32BE(at)
  return end > buffer.length ? undefined : { value: buffer.subarray(at + 4, end), end }
}

/** All strings of a public key (RFC 4253, section 6.6): its type, and its numbers; undefined when it is cut short. */
export function readStrings(blob: Buffer): Buffer[] | undefined {
  const strings: Buffer[] = []
  for (let at = 0; at < blob.length; ) {
    const string = readString(blob, at)
    if (string === undefined) return undefined
    strings.push(string.value)
    at = string.end
  }
  return strings
}

/** A public key as one line, `TYPE BASE64`; its type is empty when the key is cut short. */
export function publicKeyLine(blob: Buffer): string {
  return `${readString(blob, 0)?.value.toString('latin1') ?? ''} ${blob.toString('base64')}`
}

/** The binary form of a line `TYPE BASE64 COMMENT`. */
export function publicKeyBlob(line: string): Buffer {
  return Buffer.from(line.split(' ')[1] ?? '', 'base64')
}

/** `SHA256:…`, as `ssh-keygen -l` prints it. */
export function fingerprint(key: Buffer | string): string {
  const blob = typeof key === 'string' ? publicKeyBlob(key) : key
  return `SHA256:${createHash('sha256').update(blob).digest('base64').replace(/=+$/, '')}`
}

const MAGIC = 'openssh-key-v1\0'

export interface PrivateKeyFacts {
  /** Type and base64, as in a .pub file without its comment. */
  publicKey: string
  encrypted: boolean
}

/**
 * Reads a private key in OpenSSH's own format (PROTOCOL.key in OpenSSH's source). After the magic come the cipher, the key
 * derivation and its options, a count, and the public key, none of them encrypted.
 * @returns undefined when the text is not a whole key of that format
 */
export function readPrivateKeyFacts(text: string): PrivateKeyFacts | undefined {
  const blob = Buffer.from(text.replace(/-----[A-Z ]+-----/g, ''), 'base64')
  if (blob.toString('latin1', 0, MAGIC.length) !== MAGIC) return undefined
  const cipher = readString(blob, MAGIC.length)
  const derivation = cipher && readString(blob, cipher.end)
  const options = derivation && readString(blob, derivation.end)
  const publicKey = options && readString(blob, options.end + 4)
  const privateKey = publicKey && readString(blob, publicKey.end)
  if (!privateKey || !cipher || publicKey.value.length < 4) return undefined
  return { publicKey: publicKeyLine(publicKey.value), encrypted: cipher.value.toString('latin1') !== 'none' }
}
