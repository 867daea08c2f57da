/** The control channel: lines both ways on the channel that `claim` keeps open (docs/protocol.md). */
import type { ClientChannel } from 'ssh2'
import { parseRelayLine, type RelayOrder, type RelayWord } from '../../runtime/control-protocol.ts'

export type { RelayOrder } from '../../runtime/control-protocol.ts'

export interface Control {
  /** Seconds since another supervisor of this identity was last turned away; undefined when there was none. */
  others(signal: AbortSignal): Promise<number | undefined>
  /** Writes one line; false when the channel is gone, or the relay takes nothing in. */
  send(line: string): boolean
  /** Hands over what the relay says, beginning with what it has said already. */
  listen(onOrder: (order: RelayOrder) => void): void
}

export interface Lines {
  /** The next line; undefined at the end, or when the signal is aborted. */
  next(signal: AbortSignal): Promise<string | undefined>
}

/** Words that are kept until somebody listens: a relay that says more than that says it in vain. */
const EARLY_MAX = 16
/** Bytes that wait for the relay; past that, it does not read, and the newest report is worth more than old ones. */
const WAITING_MAX = 16_384

/** @param said what the relay said before it said that the claim holds */
export function controlOf(channel: ClientChannel, lines: Lines, said: readonly RelayOrder[]): Control {
  const early = [...said]
  let onOrder: ((order: RelayOrder) => void) | undefined
  let onOthers: ((seconds: number | undefined) => void) | undefined
  const take = (word: RelayWord) => {
    if (word.word === 'others') onOthers?.(word.seconds)
    else if (word.word === 'listening') return
    else if (onOrder) onOrder(word)
    else if (early.length < EARLY_MAX) early.push(word)
  }
  void readAll(lines, take).finally(() => onOthers?.(undefined))
  const send = (line: string) => {
    if (!channel.writable || channel.writableLength > WAITING_MAX) return false
    channel.write(`${line}\n`)
    return true
  }
  return {
    send,
    others: signal =>
      new Promise(resolve => {
        onOthers = resolve
        signal.addEventListener('abort', () => resolve(undefined), { once: true })
        if (signal.aborted || !send('others')) resolve(undefined)
      }),
    listen: listener => {
      onOrder = listener
      for (const order of early.splice(0)) listener(order)
    },
  }
}

/** Until the channel ends. What is not a word that this version knows is passed over. */
async function readAll(lines: Lines, take: (word: RelayWord) => void): Promise<void> {
  const { signal } = new AbortController()
  for (let line = await lines.next(signal); line !== undefined; line = await lines.next(signal)) {
    const word = parseRelayLine(line)
    if (word) take(word)
  }
}
