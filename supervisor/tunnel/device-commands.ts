/** What the device may run on the relay: `claim`, which stays open as the control channel, and `evict`. */
import type { Duplex } from 'node:stream'
import { DEVICE_COMMANDS, parseRelayLine, type RelayOrder } from '../../formats/control-protocol.ts'
import type { Connection } from '../ssh/connection.ts'
import { type Control, controlOf } from './control-channel.ts'
import { type Lines, readLines } from './read-lines.ts'

export type Claim =
  /** The relay recorded this connection as the device's. */
  | { kind: 'claimed'; control: Control }
  /** A supervisor of this identity that started later has a living session: this one must not end it. */
  | { kind: 'superseded' }
  /** The relay does not know the commands: a stale listener cannot be evicted there. */
  | { kind: 'unknown'; detail: string }
  /** No answer in time: it may or may not know the commands. */
  | { kind: 'silent' }

/**
 * Runs `claim TOKEN`, before any forward is asked for.
 * @param token 32 lower-case hex digits, new at each start of the supervisor: it tells a restart from a twin
 */
export async function claim(connection: Connection, token: string, signal: AbortSignal): Promise<Claim> {
  const started = await connection.exec(DEVICE_COMMANDS.claim(token), signal)
  if (!started.ok) return signal.aborted ? { kind: 'silent' } : { kind: 'unknown', detail: started.cause }
  const { stream } = started.value
  const lines = readLines(stream)
  const { said, answer, isOver } = await readAnswer(lines, signal)
  if (answer === 'claimed') return { kind: 'claimed', control: controlOf(stream, lines, said) }
  leave(stream)
  if (answer === 'superseded') return { kind: 'superseded' }
  return isOver ? { kind: 'unknown', detail: answer ?? 'no answer' } : { kind: 'silent' }
}

/** Lines before the answer that the login's shell may print from its start-up files. */
const NOISE_MAX = 64

/** If access is off, the relay says so before `claimed`; otherwise it is on. */
async function readAnswer(lines: Lines, signal: AbortSignal) {
  const said: RelayOrder[] = [{ type: 'maintenance', off: false }]
  let answer: string | undefined
  for (let noise = 0; noise < NOISE_MAX; noise++) {
    const line = await lines.next(signal)
    if (line === undefined) return { said, answer, isOver: lines.ended }
    answer = line
    if (line === 'claimed' || line === 'superseded') break
    const message = parseRelayLine(line)
    if (message?.type === 'maintenance') said.splice(0, 1, message)
  }
  return { said, answer, isOver: true }
}

/** Ends this device's other sessions on the relay; returns how many, or undefined if the relay could not say. */
export async function evict(connection: Connection, signal: AbortSignal): Promise<number | undefined> {
  const started = await connection.exec(DEVICE_COMMANDS.evict(), signal)
  if (!started.ok) return undefined
  const { stream } = started.value
  const lines = readLines(stream)
  let count: string | undefined
  for (let noise = 0; noise < NOISE_MAX && count === undefined; noise++) {
    const line = await lines.next(signal)
    if (line === undefined) break
    count = /^evicted (\d{1,6})$/.exec(line)?.[1]
  }
  leave(stream)
  return count === undefined ? undefined : Number(count)
}

/** Reads the rest, so that the channel can close. */
function leave(stream: Duplex): void {
  stream.resume()
  stream.end()
}
