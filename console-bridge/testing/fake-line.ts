/** A line in memory that records what happens to it. Its methods may be replaced. */
import type { Line, LineSettings, ModemOutputs } from '../line/line.ts'
import { describeSettings } from '../line/settings.ts'

export interface FakeLine extends Line {
  /** While false, the line has no room. */
  takes: boolean
  /** All that it took, as text. */
  sent: string
  settings: LineSettings
  outputs: ModemOutputs
  /** Each write as text, and each other call: `drained`, `discarded`, `break on`, `break off`, `released`, `set …`. */
  readonly log: string[]
}

export function fakeLine({ takes = true } = {}): FakeLine {
  const log: string[] = []
  const line: FakeLine = {
    takes,
    sent: '',
    settings: { baudRate: 9600, dataBits: 8, parity: 'none', stopBits: 1, flowControl: 'none' },
    outputs: { dtr: true, rts: true },
    log,
    set: async changes => {
      line.settings = { ...line.settings, ...changes }
      log.push(`set ${describeSettings(line.settings)}`)
    },
    modemLines: async () => ({ cts: true, dsr: true, dcd: false, ri: false }),
    setModemLines: async changes => {
      line.outputs = { ...line.outputs, ...changes }
      log.push(`set ${JSON.stringify(changes)}`)
    },
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
