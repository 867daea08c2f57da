/** TFTP as it is on the wire (RFC 1350, 2347, 2348, 2349 and 7440); pure. */

export const TFTP_ERROR = {
  other: 0,
  notFound: 1,
  denied: 2,
  full: 3,
  illegal: 4,
  unknownPeer: 5,
  options: 8,
} as const
export type TftpErrorCode = (typeof TFTP_ERROR)[keyof typeof TFTP_ERROR]

const OPCODE = { read: 1, write: 2, data: 3, ack: 4, error: 5, oack: 6 } as const

export interface TftpRequest {
  kind: 'read' | 'write'
  file: string
  isText: boolean
  options: Map<string, string>
}

export type TftpPacket =
  | TftpRequest
  | { kind: 'data'; block: number; bytes: Buffer }
  | { kind: 'ack'; block: number }
  | { kind: 'error'; code: number; message: string }
  | /** A request that cannot be served, and why. */ { kind: 'bad'; why: string }

/** @returns undefined for what is no packet of TFTP, or none that anything is answered to */
export function parsePacket(packet: Buffer): TftpPacket | undefined {
  if (packet.length < 4) return undefined
  const code = packet.readUInt16BE(0)
  if (code === OPCODE.read || code === OPCODE.write)
    return parseRequest(code === OPCODE.read ? 'read' : 'write', packet)
  const block = packet.readUInt16BE(2)
  if (code === OPCODE.data) return { kind: 'data', block, bytes: packet.subarray(4) }
  if (code === OPCODE.ack) return { kind: 'ack', block }
  if (code === OPCODE.error) return { kind: 'error', code: block, message: textOf(packet.subarray(4)) }
  return undefined
}

function parseRequest(kind: 'read' | 'write', packet: Buffer): TftpPacket {
  const fields = fieldsOf(packet.subarray(2))
  if (fields === undefined || fields.length < 2) return { kind: 'bad', why: 'the request is cut short' }
  const [file = '', mode = '', ...rest] = fields
  const isText = mode.toLowerCase() === 'netascii'
  if (!isText && mode.toLowerCase() !== 'octet') return { kind: 'bad', why: 'the mode must be octet or netascii' }
  const options = new Map<string, string>()
  for (let at = 0; at + 1 < rest.length; at += 2) options.set((rest[at] ?? '').toLowerCase(), rest[at + 1] ?? '')
  return { kind, file, isText, options }
}

/** Each ends with a zero byte; some boot loaders pad the rest, with zeros as well. */
function fieldsOf(bytes: Buffer): string[] | undefined {
  const fields: string[] = []
  let from = 0
  for (let end = bytes.indexOf(0); end >= 0; end = bytes.indexOf(0, from)) {
    fields.push(bytes.toString('utf8', from, end))
    from = end + 1
  }
  return from === bytes.length ? fields : undefined
}

function textOf(bytes: Buffer): string {
  const end = bytes.indexOf(0)
  return bytes.toString('utf8', 0, end < 0 ? bytes.length : end)
}

export function dataPacket(block: number, bytes: Buffer): Buffer {
  return Buffer.concat([header(OPCODE.data, block), bytes])
}

export function ackPacket(block: number): Buffer {
  return header(OPCODE.ack, block)
}

export function errorPacket(code: TftpErrorCode, message: string): Buffer {
  return Buffer.concat([header(OPCODE.error, code), Buffer.from(`${message}\0`)])
}

export function oackPacket(options: ReadonlyMap<string, string>): Buffer {
  const text = [...options].map(([name, value]) => `${name}\0${value}\0`).join('')
  const code = Buffer.alloc(2)
  code.writeUInt16BE(OPCODE.oack)
  return Buffer.concat([code, Buffer.from(text)])
}

function header(code: number, value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt16BE(code)
  bytes.writeUInt16BE(value & 0xffff, 2)
  return bytes
}
