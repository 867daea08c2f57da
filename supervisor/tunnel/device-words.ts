/** What the device may run on the relay: `claim`, which stays open as the control channel, and `evict`. */
import type { Client, ClientChannel } from 'ssh2'
import { errorMessage } from '../../runtime/errors.ts'

export type Claim =
  /** The relay recorded this connection as the device's. */
  | { kind: 'claimed'; control: Control }
  /** A supervisor of this identity that started later has a living session: it is not ours to end. */
  | { kind: 'superseded' }
  /** The relay does not know the words: a stale listener cannot be evicted there. */
  | { kind: 'unknown'; detail: string }

/** The control channel: one line asks, one line answers. */
export interface Control {
  /** Seconds since another supervisor of this identity was last turned away; undefined when there was none. */
  others(signal: AbortSignal): Promise<number | undefined>
}

/** Bytes of an answer that are looked at: whatever is longer is no answer of ours. */
const ANSWER_MAX = 4096

/**
 * Runs `claim TOKEN`, before any forward is asked for.
 * @param token 32 lower-case hex digits, new at each start of the supervisor: it tells a restart from a twin
 */
export async function claim(client: Client, token: string, signal: AbortSignal): Promise<Claim> {
  const started = await execute(client, `claim ${token}`, signal)
  if ('problem' in started) return { kind: 'unknown', detail: started.problem }
  const lines = readLines(started.channel)
  const first = await lines.next(signal)
  if (first === 'claimed') return { kind: 'claimed', control: controlOf(started.channel, lines) }
  started.channel.end()
  if (first === 'superseded') return { kind: 'superseded' }
  return { kind: 'unknown', detail: first ?? 'no answer' }
}

/** Ends this device's other sessions on the relay; gives how many, or undefined when the relay could not say. */
export async function evict(client: Client, signal: AbortSignal): Promise<number | undefined> {
  const started = await execute(client, 'evict', signal)
  if ('problem' in started) return undefined
  const answer = await readLines(started.channel).next(signal)
  started.channel.end()
  const count = /^evicted (\d{1,6})$/.exec(answer ?? '')?.[1]
  return count === undefined ? undefined : Number(count)
}

function controlOf(channel: ClientChannel, lines: Lines): Control {
  return {
    others: async signal => {
      if (!channel.writable) return undefined
      channel.write('others\n')
      const seconds = /^others (\d{1,9})$/.exec((await lines.next(signal)) ?? '')?.[1]
      return seconds === undefined ? undefined : Number(seconds)
    },
  }
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

interface Lines {
  /** The next line; undefined at the end, or when the signal is aborted. */
  next(signal: AbortSignal): Promise<string | undefined>
}

function readLines(channel: ClientChannel): Lines {
  const ready: string[] = []
  let partial = ''
  let ended = false
  let wake: (() => void) | undefined
  channel.setEncoding('utf8')
  channel.on('data', (text: string) => {
    const parts = (partial + text).split('\n')
    partial = (parts.pop() ?? '').slice(-ANSWER_MAX)
    ready.push(...parts.map(line => line.slice(0, ANSWER_MAX)))
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
