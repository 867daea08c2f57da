/** Private keys in the OpenSSH format: a new one, and the public half of one. */
import ssh2 from 'ssh2'

/** @returns type and base64, as a `.pub` file begins; undefined when this is no private key that can be used */
export function publicKeyOf(privateKey: string): string | undefined {
  const parsed = ssh2.utils.parseKey(privateKey)
  const key = Array.isArray(parsed) ? parsed[0] : parsed
  if (!key || key instanceof Error || !key.isPrivateKey()) return undefined
  return `${key.type} ${key.getPublicSSH().toString('base64')}`
}

/** @returns a new Ed25519 pair, each half as its file holds it */
export function newKeyPair(comment: string): { privateKey: string; publicKey: string } {
  const { private: privateKey, public: publicKey } = ssh2.utils.generateKeyPairSync('ed25519', { comment })
  return { privateKey: privateKey.endsWith('\n') ? privateKey : `${privateKey}\n`, publicKey }
}
