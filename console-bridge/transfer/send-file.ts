/** Sends a file to the target with lrzsz, once the target asks for it. */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { once } from 'node:events'
import { errorCode, errorMessage } from '../../runtime/errors.ts'
import { settled } from '../../runtime/waiting.ts'
import { lastWordsOf, lrzszCommand, type SendKind, sentBytesOf } from './lrzsz.ts'
import type { Wire } from './wire.ts'

/** Milliseconds for a person to have the target receive. */
const REQUEST_BOUND_MS = 120_000
/** Milliseconds of silence around a request: a letter of a sentence has none. */
const PAUSE_MS = 100
/** NAK, `C` for blocks with a CRC, `G` for YMODEM-g; a target repeats it every few seconds. */
const REQUESTS = [0x15, 0x43, 0x47]
const CAN_CAN = '\x18\x18'
const ACK = 0x06
/** Bytes at the end of what lrzsz says that are kept. */
const SAID_BYTES = 4_096
/** Bytes after the last confirmation that are shown when it is over: the target's own words. */
const TAIL_BYTES = 4_096

export interface FileToSend extends SendKind {
  /** Working directory of lrzsz. */
  directory: string
  /** Its name there. */
  file: string
  /** Bytes. */
  size: number
  /** A descriptor that lrzsz inherits as its number 3. */
  fd?: number
}

/** @returns why the target did not confirm the file; undefined when it did, or when it was ended */
export async function sendFile(wire: Wire, source: FileToSend): Promise<string | undefined> {
  wire.progress = { bytes: 0, total: source.size }
  // lrzsz would begin after ten seconds in any case, and a command line would read the file as commands.
  const request = await requestOf(wire)
  if (typeof request === 'string' || request === undefined) return request
  const [command, ...args] = lrzszCommand(source, source.file)
  // Pipes: on a terminal, lrzsz discards at its end what waits there, the last answer too.
  const child = spawn(command, args, {
    cwd: source.directory,
    stdio: ['pipe', 'pipe', 'pipe', source.fd ?? 'ignore'],
    env: { ...process.env, LC_ALL: 'C' },
  }) as ChildProcessWithoutNullStreams
  let said = ''
  let tail = Buffer.alloc(0)
  const hear = (bytes: Buffer) => {
    tail = Buffer.concat([tail, bytes]).subarray(-TAIL_BYTES)
    if (child.stdin.writable) child.stdin.write(bytes)
  }
  child.stdin.on('error', () => {})
  child.stdout.on('data', (bytes: Buffer) => {
    tail = Buffer.alloc(0)
    if (!wire.send(bytes)) child.stdout.pause()
  })
  child.stderr.setEncoding('latin1').on('data', (text: string) => {
    said = (said + text).slice(-SAID_BYTES)
    wire.progress = { bytes: Math.min(source.size, sentBytesOf(said) ?? wire.progress.bytes), total: source.size }
  })
  wire.divert(hear, () => child.stdout.resume())
  hear(Buffer.of(request))
  const closed = once(child, 'close').catch(err => [err])
  const end = await settled<unknown[] | undefined>(wire.over, undefined, settle => void closed.then(settle))
  if (end === undefined) {
    child.kill('SIGKILL')
    await closed
    return undefined
  }
  const [code] = end
  // What comes from now on is the target's own.
  wire.divert(undefined)
  if (code === 0) {
    wire.progress = { bytes: source.size, total: source.size }
    wire.tail = tail.subarray(tail.indexOf(ACK) + 1)
    return undefined
  }
  if (typeof code === 'object' && code !== null) {
    const cause = errorCode(code) === 'ENOENT' ? 'lrzsz is not installed on the device' : errorMessage(code)
    return `the transfer could not start: ${cause}`
  }
  return `the target did not confirm the file (${command}: ${lastWordsOf(said) ?? `exit code ${code}`})`
}

/** @returns the byte with which the target asks for the file, or why it did not; undefined when it was ended */
async function requestOf({ queue, clock, over }: Wire): Promise<number | string | undefined> {
  const endMs = clock.nowMs() + REQUEST_BOUND_MS
  while (!over.aborted) {
    const burst = await queue.burst(endMs - clock.nowMs(), PAUSE_MS)
    if (over.aborted) return undefined
    if (burst?.includes(CAN_CAN)) return 'the target cancelled; nothing was sent'
    if (burst?.every(byte => REQUESTS.includes(byte))) return burst.at(-1)
    if (clock.nowMs() >= endMs) {
      return `the target did not ask for the file within ${REQUEST_BOUND_MS / 1_000} s; nothing was sent`
    }
  }
  return undefined
}
