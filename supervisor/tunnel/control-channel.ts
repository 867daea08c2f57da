/** The control channel: lines both ways on the channel that `claim` keeps open (docs/protocol.md). */
import type { Duplex } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'
import { parseRelayLine, type RelayAnswer, type RelayMessage, type RelayOrder } from '../../formats/control-protocol.ts'
import { settled } from '../../runtime/waiting.ts'
import type { Lines } from './read-lines.ts'

export interface Control {
  /** Seconds since another supervisor of this identity was last turned away; undefined when there was none. */
  others(signal: AbortSignal): Promise<number | undefined>
  /** Whether the relay's sshd still listens for new connections; undefined without an answer, as from an older relay. */
  listening(signal: AbortSignal): Promise<'yes' | 'no' | 'unknown' | undefined>
  /** Writes one line; false if the channel is gone, or if the relay does not read. */
  send(line: string): boolean
  /** Delivers the relay's orders, including those that came before this call. */
  listen(onOrder: (order: RelayOrder) => void): void
}

/** Bytes that may wait for the relay: beyond this it does not read, and a later report replaces old ones. */
const WAITING_MAX = 16_384
/** Lines that are read in a row before a pause, and its milliseconds: a relay that floods must not block the device. */
const BURST = 32
const PAUSE_MS = 1_000

/**
 * @param said the relay's messages before its answer to the claim
 * @param pause waits where a relay floods
 */
export function controlOf(
  stream: Duplex,
  lines: Lines,
  said: readonly RelayOrder[],
  pause: () => Promise<unknown> = () => delay(PAUSE_MS, undefined, { ref: false }),
): Control {
  // Until somebody listens, only the latest order of each kind counts.
  let early = [...said]
  const ended = new AbortController()
  let onOrder: ((order: RelayOrder) => void) | undefined
  let onAnswer: { [Type in RelayAnswer['type']]?: (message: RelayMessage) => void } = {}
  const take = (message: RelayMessage) => {
    if (message.type === 'others' || message.type === 'listening') onAnswer[message.type]?.(message)
    else if (onOrder) onOrder(message)
    else early = [...early.filter(order => order.type !== message.type), message]
  }
  void readAll(lines, take, pause).finally(() => {
    onAnswer = {}
    ended.abort()
  })
  const send = (line: string) => {
    if (!stream.writable || stream.writableLength > WAITING_MAX) return false
    stream.write(`${line}\n`)
    return true
  }
  const question = async <Type extends RelayAnswer['type']>(type: Type, signal: AbortSignal) => {
    const either = AbortSignal.any([signal, ended.signal])
    const answer = await settled<RelayMessage | undefined>(either, undefined, settle => {
      onAnswer[type] = settle
      if (!send(type)) settle(undefined)
    })
    delete onAnswer[type]
    return answer as Extract<RelayMessage, { type: Type }> | undefined
  }
  return {
    send,
    others: async signal => (await question('others', signal))?.seconds,
    listening: async signal => (await question('listening', signal))?.answer,
    listen: listener => {
      onOrder = listener
      for (const order of early.splice(0)) listener(order)
    },
  }
}

/** Until the channel ends. A message that this version does not know is ignored. */
async function readAll(
  lines: Lines,
  take: (message: RelayMessage) => void,
  pause: () => Promise<unknown>,
): Promise<void> {
  const { signal } = new AbortController()
  for (let count = 1; ; count++) {
    const line = await lines.next(signal)
    if (line === undefined) return
    const message = parseRelayLine(line)
    if (message) take(message)
    if (count % BURST === 0) await pause()
  }
}
