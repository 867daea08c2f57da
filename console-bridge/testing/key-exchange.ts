/** The first bytes of an SSH client, made by hand at no cost to the client (RFC 4253). */
import { generateKeyPairSync, randomBytes } from 'node:crypto'

const SSH_MSG_KEXINIT = 20
const SSH_MSG_KEX_ECDH_INIT = 30

/**
 * All that makes a server compute a whole key exchange; the same each time.
 * @param compression the only one that the client takes
 */
export function keyExchange(compression = 'none'): Buffer {
  const point = generateKeyPairSync('x25519').publicKey.export({ type: 'spki', format: 'der' }).subarray(-32)
  const [cipher, mac] = ['aes128-ctr', 'hmac-sha2-256-etm@openssh.com']
  const lists = ['curve25519-sha256', 'ssh-ed25519', cipher, cipher, mac, mac, compression, compression, '', '']
  const offer = [Buffer.from([SSH_MSG_KEXINIT]), randomBytes(16), ...lists.map(string), Buffer.alloc(5)]
  const init = Buffer.concat([Buffer.from([SSH_MSG_KEX_ECDH_INIT]), string(point)])
  return Buffer.concat([Buffer.from('SSH-2.0-x\r\n'), packet(Buffer.concat(offer)), packet(init)])
}

/** An unencrypted packet (section 6). */
function packet(payload: Buffer): Buffer {
  const padding = 12 - ((payload.length + 9) % 8)
  const head = Buffer.alloc(5)
  head.writeUInt32BE(1 + payload.length + padding)
  head[4] = padding
  return Buffer.concat([head, payload, Buffer.alloc(padding)])
}

function string(text: string | Buffer): Buffer {
  const length = Buffer.alloc(4)
  length.writeUInt32BE(Buffer.byteLength(text))
  return Buffer.concat([length, Buffer.from(text as string)])
}
