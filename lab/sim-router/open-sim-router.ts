/** `sim:router`: the simulated router behind the port that a serial line has, with real time and the pace of a real line. */
import type { Line, LineEvents, ModemOutputs, OpenLine } from '../../console-bridge/line/line.ts'
import { settingsOf } from '../../console-bridge/line/settings.ts'
import { UserError } from '../../runtime/errors.ts'
import { nextDueMs, type RouterEvent, step } from './router.ts'
import { powerOn } from './state.ts'

export interface SimRouterOptions {
  /** Bits per second that its output keeps to (ten bits a byte, 8N1); left out: as fast as it comes. */
  paceBaudRate?: number
  /** Monotonic milliseconds. */
  nowMs?: () => number
}

/** Milliseconds between two chunks of paced output: below what an eye sees as jerky. */
const CHUNK_MS = 20

/** A router that is switched on now, and stays on whoever opens and closes its line. */
export function simRouter({ paceBaudRate, nowMs = () => performance.now() }: SimRouterOptions = {}): OpenLine {
  const chunkBytes =
    paceBaudRate === undefined ? Number.POSITIVE_INFINITY : Math.ceil((paceBaudRate * CHUNK_MS) / 10_000)
  let state = powerOn(nowMs())
  return async (console, events): Promise<Line> => {
    if (console.path !== 'sim:router') throw new UserError(`${console.path}: the lab simulates only sim:router`)
    let settings = settingsOf(console)
    let outputs: ModemOutputs = { dtr: true, rts: true }
    const printer = createPrinter(events, chunkBytes)
    let timer: NodeJS.Timeout | undefined
    const happen = (event: RouterEvent) => {
      clearTimeout(timer)
      const now = nowMs()
      const next = step(state, event, now)
      state = next.state
      printer.print(next.output)
      const dueMs = nextDueMs(state)
      if (dueMs !== undefined) timer = setTimeout(() => happen({ kind: 'time' }), Math.max(1, dueMs - now))
    }
    // Nothing may come before the caller has the line.
    timer = setTimeout(() => happen({ kind: 'time' }), 0)
    return {
      // The router understands every speed.
      get settings() {
        return settings
      },
      get outputs() {
        return outputs
      },
      set: async changes => {
        settings = { ...settings, ...changes }
      },
      modemLines: async () => ({ cts: outputs.rts, dsr: outputs.dtr, dcd: true, ri: false }),
      setModemLines: async changes => {
        outputs = { ...outputs, ...changes }
      },
      write: bytes => {
        happen({ kind: 'bytes', bytes })
        return bytes.length
      },
      drain: async () => {},
      discard: async () => {},
      setBreak: async on => happen({ kind: 'break', on }),
      release: async () => {},
      close: async () => {
        clearTimeout(timer)
        printer.stop()
      },
    }
  }
}

function createPrinter({ onData }: LineEvents, chunkBytes: number) {
  let queue = Buffer.alloc(0)
  let timer: NodeJS.Timeout | undefined
  const sendChunk = () => {
    timer = undefined
    const chunk = queue.subarray(0, chunkBytes)
    queue = queue.subarray(chunk.length)
    onData(chunk)
    if (queue.length > 0) timer = setTimeout(sendChunk, CHUNK_MS)
  }
  return {
    print(text: string): void {
      if (text === '') return
      queue = Buffer.concat([queue, Buffer.from(text, 'latin1')])
      timer ??= setTimeout(sendChunk, 0)
    },
    stop: () => clearTimeout(timer),
  }
}
