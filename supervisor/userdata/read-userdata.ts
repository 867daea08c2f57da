/**
 * What a metadata address says, as destinations: `{"ops": {"KeyMaterial", "HostName", "RemotePort"}}`, or a list; pure. Whoever answers there is
 * not trusted: what is not exactly this is refused in words, and no word quotes what may be a key.
 */
import { createHash } from 'node:crypto'
import { hostSchema } from '../../formats/names.ts'
import { publicKeyOf } from '../../formats/private-key.ts'
import { fingerprint, readPrivateKeyFacts } from '../../formats/ssh-key.ts'
import { readablePrivateKey } from '../ssh/private-key.ts'
import { duplicateKey } from './duplicate-key.ts'

export interface Destination {
  /** In lower case. */
  host: string
  /** The listener of the shell; the port after it is the consoles'. */
  remotePort: number
  /** Undefined where the device logs in with its own. */
  privateKey: string | undefined
}

export type Read = { ok: true; destinations: Destination[] } | { ok: false; cause: string }

/** Bytes of a body. Four RSA keys of 8192 bits have 26 KB. */
export const USERDATA_MAX_BYTES = 65_536
/** Characters of a private key: one of RSA with 16384 bits has 12,700. */
const KEY_MAX = 16_384
/** Each is a connection, with proofs of its own: a Pi Zero has 512 MB, and a modem is paid by the byte. */
const DESTINATIONS_MAX = 4
const KEYS = ['KeyMaterial', 'HostName', 'RemotePort'] as const

/** A body without `ops` names none: an operator may keep userdata for other purposes. */
export function readUserdata(text: string): Read {
  let body: unknown
  try {
    body = JSON.parse(text)
  } catch {
    // What V8 says of it quotes the text.
    return refused('it is not JSON')
  }
  const twice = duplicateKey(text)
  if (twice !== undefined) return refused(`${shown(twice)} stands there twice`)
  const found = destinationsIn(body)
  if (typeof found === 'string') return refused(found)
  return { ok: true, destinations: found }
}

/** Tells two apart, and says nothing about their keys. */
export function digestOf(destinations: readonly Destination[]): string {
  const text = JSON.stringify(destinations.map(({ host, remotePort, privateKey }) => [host, remotePort, privateKey]))
  return createHash('sha256').update(text).digest('hex')
}

/** `SHA256:…` of the public half. */
export function keyFingerprint({ privateKey }: Destination): string | null {
  const publicKey = privateKey === undefined ? undefined : publicKeyOf(privateKey)
  return publicKey === undefined ? null : fingerprint(publicKey)
}

function destinationsIn(body: unknown): Destination[] | string {
  const list = opsIn(body)
  if (typeof list === 'string') return list
  if (list.length > DESTINATIONS_MAX) return `it names ${list.length} relays; this device takes ${DESTINATIONS_MAX}`
  const found: Destination[] = []
  for (const [at, ops] of list.entries()) {
    const one = destinationIn(ops)
    if (typeof one === 'string') return list.length === 1 ? one : `of relay ${at + 1}, ${one}`
    // Two tunnels of one device at one relay would take each other for stale.
    if (found.some(({ host }) => host === one.host)) return `it names ${one.host} twice`
    found.push(one)
  }
  return found
}

/** `{"ops": {}}`, `{"ops": [{}]}`, or `[{"ops": {}}]`. */
function opsIn(body: unknown): unknown[] | string {
  if (Array.isArray(body)) {
    const isWhole = body.every(one => isObject(one) && isObject(one.ops))
    return isWhole ? body.map(({ ops }) => ops) : 'in the list, each relay must be an object with "ops"'
  }
  if (!isObject(body)) return 'it is no JSON object'
  if (body.ops === undefined || body.ops === null) return []
  return Array.isArray(body.ops) ? body.ops : [body.ops]
}

function destinationIn(ops: unknown): Destination | string {
  if (!isObject(ops)) return '"ops" is no JSON object'
  const other = Object.keys(ops).find(key => !KEYS.some(known => known === key))
  if (other !== undefined)
    return `"ops" has ${shown(other)}, which userdata cannot set: only ${KEYS.join(', ')}, each spelled like this`
  const { KeyMaterial: key, HostName: host, RemotePort: port } = ops
  if (typeof host !== 'string' || !hostSchema.safeParse(host).success)
    return 'HostName must be a host name or an IP address, and nothing else'
  if (typeof port !== 'number' || !Number.isInteger(port) || port < 1 || port > 65_534)
    return 'RemotePort must be a number from 1 to 65534, without quotes: the port after it is the consoles’'
  const privateKey = key === undefined ? undefined : keyIn(key)
  if (typeof privateKey === 'object') return privateKey.problem
  return { host: host.toLowerCase(), remotePort: port, privateKey }
}

function keyIn(value: unknown): string | { problem: string } {
  if (typeof value !== 'string') return { problem: 'KeyMaterial must be the text of a private key' }
  if (value.length > KEY_MAX) return { problem: `KeyMaterial has more than ${KEY_MAX} characters: no private key has` }
  const key = `${value.replace(/\r\n?/g, '\n').trim()}\n`
  if (
    /^Proc-Type: *4,ENCRYPTED|BEGIN ENCRYPTED|^Encryption: (?!none)/m.test(key) ||
    readPrivateKeyFacts(key)?.encrypted
  )
    return { problem: 'KeyMaterial has a passphrase: a key without one is needed, because nobody is there to type it' }
  if (readablePrivateKey(key) === undefined && publicKeyOf(key) !== undefined) return key
  if (/BEGIN PRIVATE KEY/.test(key))
    return { problem: 'KeyMaterial is in the format PKCS #8; "ssh-keygen -p -f FILE" writes it in that of OpenSSH' }
  return { problem: 'KeyMaterial is no private key that can be read: damaged, without its line ends, or a public key' }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** A key of the JSON that somebody misspelled; not what they put in the wrong place, which may be a private key. */
function shown(key: string): string {
  return /^[A-Za-z_. -]{1,30}$/.test(key) ? `"${key}"` : `a key of ${key.length} characters`
}

function refused(cause: string): { ok: false; cause: string } {
  return { ok: false, cause }
}
