/** SSH messages that ssh2 does not offer. */

/** SSH_MSG_DISCONNECT (RFC 4253, section 11.1). */
const DISCONNECT = 1

/**
 * A message that ends the connection; OpenSSH and PuTTY print its text. @param reason a code of RFC 4253, section 11.1
 */
export function disconnectMessage(reason: number, text: string): Buffer {
  return Buffer.concat([Buffer.from([DISCONNECT]), uint32(reason), string(text), string('')])
}

/** RFC 4251, section 5. */
export function string(text: string): Buffer {
  const bytes = Buffer.from(text)
  return Buffer.concat([uint32(bytes.length), bytes])
}

export function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}
