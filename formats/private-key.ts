/** Private keys in the OpenSSH format: a new one, and the public half of one. */
import ssh2 from 'ssh2'

/** @returns type and base64, as a `.pub` file begins; undefined when this is no private key that can be used */
export function publicKeyOf(privateKey: string): string | undefined {
  const parsed = ssh2.utils.parseKey(privateKey)
  const key = Array.isArray(parsed) ? parsed[0] : parsed
  if (!key || key instanceof Error || !key.isPrivateKey()) return undefined
  return `${key.type} ${key.getPublicSSH().toString('base64')}`
}

/** One of 256 public keys begins with a zero byte, which ssh2 1.17 drops: so one more try is mostly enough. */
const TRIES = 20

/** @returns a new Ed25519 pair, each half as its file holds it */
export function newKeyPair(comment: string): { privateKey: string; publicKey: string } {
  for (let tries = 0; tries < TRIES; tries++) {
    const { private: text, public: publicKey } = ssh2.utils.generateKeyPairSync('ed25519', { comment })
    const privateKey = text.endsWith('\n') ? text : `${text}\n`
    if (publicKeyOf(privateKey) !== undefined) return { privateKey, publicKey }
  }
  throw new Error('no usable key pair could be made')
}
