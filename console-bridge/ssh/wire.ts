/** What this server says in SSH's own form where ssh2 has no words for it. */

/** SSH_MSG_DISCONNECT (RFC 4253, section 11.1). */
const DISCONNECT = 1

/** A message that ends the connection with words, which OpenSSH and PuTTY print. @param reason a code of RFC 4253, section 11.1 */
export function disconnectMessage(reason: number, words: string): Buffer {
  return Buffer.concat([Buffer.from([DISCONNECT]), uint32(reason), string(words), string('')])
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
