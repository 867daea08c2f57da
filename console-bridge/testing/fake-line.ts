/** A line in memory that records what happens to it. Its methods may be replaced. */
import type { Line } from '../line/line.ts'

export interface FakeLine extends Line {
  /** While false, the line has no room. */
  takes: boolean
  /** All that it took, as text. */
  sent: string
  /** Each write as text, and each other call: `drained`, `discarded`, `break on`, `break off`, `released`. */
  readonly log: string[]
}

export function fakeLine({ takes = true } = {}): FakeLine {
  const log: string[] = []
  const line: FakeLine = {
    takes,
    sent: '',
    log,
    write: bytes => {
      if (!line.takes) return 0
      line.sent += bytes
      log.push(bytes.toString())
      return bytes.length
    },
    drain: async () => void log.push('drained'),
    discard: async () => void log.push('discarded'),
    setBreak: async on => void log.push(on ? 'break on' : 'break off'),
    release: async () => void log.push('released'),
    close: async () => {},
  }
  return line
}
