/** What an operator sees while a fleet is upgraded: a line for each step, and on a terminal the devices in work below. */
import { describeDuration } from '../../../cli/times.ts'
import type { Clock } from '../../../runtime/clock.ts'
import { whenAborted } from '../../../runtime/waiting.ts'
import type { Outcome } from './outcome.ts'

interface Step {
  what: string
  sinceMs: number
  part: number | undefined
  /** What it says meanwhile. */
  detail: string
  /** What was printed of it last. */
  printed: { part: number; atMs: number }
}

export interface ProgressOptions {
  total: number
  clock: Clock
  /** Writes text. */
  write(text: string): void
  /** Columns of the terminal; undefined where no person watches. */
  columns?: () => number
}

/** Of a file, between two lines where no terminal is. */
const PART_STEP = 0.1
/** Milliseconds after which a slow file has a line all the same. */
const QUIET_MS = 60_000
/** Lines of devices in work on a terminal. */
const SHOWN_MAX = 16
const LEFT = '\r\x1b[J'

export class Progress {
  readonly #options: ProgressOptions
  readonly #steps = new Map<string, Step>()
  #ended = 0
  #drawn = 0
  #note = ''

  constructor(options: ProgressOptions) {
    this.#options = options
  }

  /** What is true of all, such as until when it waits. */
  note(text: string) {
    this.#note = text
  }

  step(device: string, what: string, part?: number, detail = '') {
    const nowMs = this.#options.clock.nowMs()
    const before = this.#steps.get(device)
    const isSame = before?.what === what
    const step = isSame
      ? { ...before, part, detail }
      : { what, sinceMs: nowMs, part, detail, printed: { part: 0, atMs: nowMs } }
    this.#steps.set(device, step)
    if (this.#options.columns !== undefined) return
    const { printed } = step
    if (isSame && (part ?? 0) - printed.part < PART_STEP && nowMs - printed.atMs < QUIET_MS) return
    step.printed = { part: part ?? 0, atMs: nowMs }
    this.#print(device, textOf(step))
  }

  /** Nothing is done with it until its turn. */
  ready(device: string) {
    this.#steps.delete(device)
    this.#print(device, 'ready')
  }

  end(device: string, { kind, detail }: Outcome) {
    this.#steps.delete(device)
    this.#ended++
    this.#print(device, `${kind.toUpperCase()}${detail === '' ? '' : `: ${detail}`}`)
  }

  /** Redraws until aborted. */
  async draw(signal: AbortSignal): Promise<void> {
    if (this.#options.columns === undefined) return whenAborted(signal)
    while (!signal.aborted) {
      this.#erase()
      this.#show()
      await this.#options.clock.sleep(1_000, signal)
    }
    this.#erase()
  }

  #print(device: string, text: string) {
    this.#erase()
    const time = new Date(this.#options.clock.wallMs()).toTimeString().slice(0, 8)
    this.#options.write(`${time} ${device}: ${text}\n`)
  }

  #erase() {
    if (this.#drawn === 0) return
    this.#options.write(`${this.#drawn > 1 ? `\x1b[${this.#drawn - 1}A` : ''}${LEFT}`)
    this.#drawn = 0
  }

  #show() {
    const { columns, clock, total, write } = this.#options
    const width = (columns?.() ?? 80) - 1
    const nowMs = clock.nowMs()
    const rows = [...this.#steps].slice(0, SHOWN_MAX).map(([device, step]) => {
      const age = describeDuration(nowMs - step.sinceMs)
      return `  ${device}: ${textOf(step, ` (${age})`)}`
    })
    const more = this.#steps.size - rows.length
    const lines = [
      ...rows,
      ...(more > 0 ? [`  and ${more} more`] : []),
      `${this.#ended} of ${total} ended${this.#note === '' ? '' : `; ${this.#note}`}`,
    ].map(line => [...line].slice(0, width).join(''))
    write(lines.join('\n'))
    this.#drawn = lines.length
  }
}

function textOf({ what, part, detail }: Step, age = ''): string {
  const percent = part === undefined ? '' : ` ${Math.floor(part * 100)} %`
  return `${what}${percent}${age}${detail === '' ? '' : `: ${detail}`}`
}
