/** Reads a stream line by line, with limits: a relay that floods has to wait, and does not fill the memory. */
import type { Duplex } from 'node:stream'
import { LINE_MAX } from '../../formats/control-protocol.ts'
import { settled } from '../../runtime/waiting.ts'

export interface Lines {
  /** The next line, cut to LINE_MAX; undefined at the end, or when the signal is aborted. */
  next(signal: AbortSignal): Promise<string | undefined>
  /** The end of the stream. */
  readonly ended: boolean
}

/** Lines that wait for a reader; past that, the stream is paused and SSH's window closes (RFC 4254, section 5.2). */
const WAITING_MAX = 64

/** Takes the stream over. One reader at a time. */
export function readLines(stream: Duplex): Lines {
  const ready: string[] = []
  let partial = ''
  let ended = false
  let wake = () => {}
  stream.setEncoding('utf8')
  stream.on('data', (text: string) => {
    const parts = (partial + text).split('\n')
    // The start of an over-long line is kept: it is not a message of the protocol either way.
    partial = (parts.pop() ?? '').slice(0, LINE_MAX)
    ready.push(...parts.map(line => line.slice(0, LINE_MAX)))
    if (ready.length > WAITING_MAX) stream.pause()
    wake()
  })
  const end = () => {
    ended = true
    wake()
  }
  stream.once('end', end)
  stream.once('close', end)
  stream.once('error', end)
  const take = () => {
    const line = ready.shift()
    if (ready.length === 0 && stream.isPaused()) stream.resume()
    return line
  }
  return {
    get ended() {
      return ended && ready.length === 0
    },
    next: async signal => {
      // Repeated until a whole line has come.
      while (ready.length === 0 && !ended && !signal.aborted) {
        await settled<void>(signal, undefined, settle => {
          wake = () => settle()
        })
        wake = () => {}
      }
      return signal.aborted ? undefined : take()
    },
  }
}
