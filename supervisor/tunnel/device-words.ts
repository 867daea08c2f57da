/** What the device may run on the relay: `claim`, which stays open as the control channel, and `evict`. */
import type { Client, ClientChannel } from 'ssh2'
import { LINE_MAX, parseRelayLine } from '../../runtime/control-protocol.ts'
import { errorMessage } from '../../runtime/errors.ts'
import { type Control, controlOf, type Lines, type RelayOrder } from './control-channel.ts'

export type Claim =
  /** The relay recorded this connection as the device's. */
  | { kind: 'claimed'; control: Control }
  /** A supervisor of this identity that started later has a living session: it is not ours to end. */
  | { kind: 'superseded' }
  /** The relay does not know the words: a stale listener cannot be evicted there. */
  | { kind: 'unknown'; detail: string }

/**
 * Runs `claim TOKEN`, before any forward is asked for.
 * @param token 32 lower-case hex digits, new at each start of the supervisor: it tells a restart from a twin
 */
export async function claim(client: Client, token: string, signal: AbortSignal): Promise<Claim> {
  const started = await execute(client, `claim ${token}`, signal)
  if ('problem' in started) return { kind: 'unknown', detail: started.problem }
  const lines = readLines(started.channel)
  const { said, answer } = await readAnswer(lines, signal)
  if (answer === 'claimed') return { kind: 'claimed', control: controlOf(started.channel, lines, said) }
  started.channel.end()
  if (answer === 'superseded') return { kind: 'superseded' }
  return { kind: 'unknown', detail: answer ?? 'no answer' }
}

/** Lines before the answer that may be somebody else's: what a login's shell prints from its start-up files. */
const NOISE_MAX = 64

/** A relay on which maintenance is off says so before it says `claimed`; one that does not has it on. */
async function readAnswer(
  lines: Lines,
  signal: AbortSignal,
): Promise<{ said: RelayOrder[]; answer: string | undefined }> {
  const said: RelayOrder[] = [{ word: 'maintenance', off: false }]
  let answer: string | undefined
  for (let noise = 0; noise < NOISE_MAX; noise++) {
    const line = await lines.next(signal)
    if (line === undefined || line === 'claimed' || line === 'superseded') return { said, answer: line ?? answer }
    answer = line
    const word = parseRelayLine(line)
    if (word?.word === 'maintenance') said.splice(0, 1, word)
  }
  return { said, answer }
}

/** Ends this device's other sessions on the relay; gives how many, or undefined when the relay could not say. */
export async function evict(client: Client, signal: AbortSignal): Promise<number | undefined> {
  const started = await execute(client, 'evict', signal)
  if ('problem' in started) return undefined
  const lines = readLines(started.channel)
  let count: string | undefined
  for (let noise = 0; noise < NOISE_MAX && count === undefined; noise++) {
    const line = await lines.next(signal)
    if (line === undefined) break
    count = /^evicted (\d{1,6})$/.exec(line)?.[1]
  }
  started.channel.end()
  return count === undefined ? undefined : Number(count)
}

function execute(
  client: Client,
  word: string,
  signal: AbortSignal,
): Promise<{ channel: ClientChannel } | { problem: string }> {
  return new Promise(resolve => {
    signal.addEventListener('abort', () => resolve({ problem: 'no answer in time' }), { once: true })
    try {
      client.exec(word, (err, channel) => {
        if (err) return resolve({ problem: errorMessage(err) })
        channel.on('error', () => {})
        channel.stderr.resume()
        resolve({ channel })
      })
    } catch (err) {
      // ssh2 throws "Not connected" from here rather than through the callback.
      resolve({ problem: errorMessage(err) })
    }
  })
}

function readLines(channel: ClientChannel): Lines {
  const ready: string[] = []
  let partial = ''
  let ended = false
  let wake: (() => void) | undefined
  channel.setEncoding('utf8')
  channel.on('data', (text: string) => {
    const parts = (partial + text).split('\n')
    partial = (parts.pop() ?? '').slice(-LINE_MAX)
    ready.push(...parts.map(line => line.slice(0, LINE_MAX)))
    ready.splice(0, ready.length - 16)
    wake?.()
  })
  channel.once('close', () => {
    ended = true
    wake?.()
  })
  return {
    next: signal =>
      new Promise(resolve => {
        const settle = () => {
          if (ready.length === 0 && !ended && !signal.aborted) return
          wake = undefined
          signal.removeEventListener('abort', settle)
          resolve(signal.aborted ? undefined : ready.shift())
        }
        wake = settle
        signal.addEventListener('abort', settle, { once: true })
        settle()
      }),
  }
}
