/** Follows one relay over one ssh that stays, and starts it again when it ends; one login a relay, whatever the number of devices. */
import type { Clock } from '../../../runtime/clock.ts'
import { UserError } from '../../../runtime/errors.ts'
import { controllerUnder, OVER } from '../../../runtime/waiting.ts'
import type { DeviceView } from '../../relay/state/device-view.ts'
import { parseLine } from './parse-line.ts'

/** Runs the command on the relay; gives its output until it ends. */
export type Stream = (options: {
  /** Nobody can be asked for anything. */
  isBackground: boolean
  onText(text: string): void
  onComplaint(text: string): void
  signal: AbortSignal
}) => Promise<number>

export interface FollowerOptions {
  name: string
  stream: Stream
  clock: Clock
}

/** Milliseconds before each new attempt in the background; the last one is repeated. */
const WAITS_MS = [1_000, 5_000, 15_000, 60_000] as const
/** Characters of a line: that of a large fleet has a few million. */
const LINE_MAX = 64 * 1024 ** 2
/** Characters of what ssh said that are kept. */
const COMPLAINT_MAX = 2_000

export class Follower {
  readonly name: string
  readonly views = new Map<string, DeviceView>()
  /** By this machine's clock, in milliseconds since 1970. */
  heardAtMs: number | undefined
  /** Why nothing comes. */
  problem: string | undefined
  /** Called after each change of what is known. */
  onChange = (): void => {}
  readonly #options: FollowerOptions

  constructor(options: FollowerOptions) {
    this.name = options.name
    this.#options = options
  }

  /**
   * Keeps on until aborted.
   * @param onFirst called once: when the relay has answered, or when the first attempt has failed
   */
  async run(mayAsk: boolean, signal: AbortSignal, onFirst = () => {}): Promise<void> {
    let failures = 0
    for (let isFirst = true; !signal.aborted; isFirst = false) {
      const hasAnswered = await this.#attempt(!(mayAsk && isFirst), signal, onFirst)
      onFirst()
      if (signal.aborted) return
      failures = hasAnswered ? 0 : failures + 1
      this.onChange()
      await this.#options.clock.sleep(WAITS_MS[Math.min(failures, WAITS_MS.length - 1)] ?? 0, signal)
    }
  }

  /** @returns whether it answered */
  async #attempt(isBackground: boolean, signal: AbortSignal, onAnswer: () => void): Promise<boolean> {
    const attempt = controllerUnder(signal)
    let hasAnswered = false
    let rest: string[] = []
    let size = 0
    let said = ''
    const fail = (why: string) => {
      this.problem = why
      attempt.abort(OVER)
    }
    const take = (line: string) => {
      if (attempt.signal.aborted) return
      const news = parseLine(line, Date.now())
      if (news === undefined) return fail('it says what this version does not know: upgrade oobm-relay at both ends')
      if (!hasAnswered) this.views.clear()
      for (const name of news.gone) this.views.delete(name)
      for (const view of news.views) this.views.set(view.device, view)
      this.heardAtMs = Date.now()
      this.problem = undefined
      if (!hasAnswered) onAnswer()
      hasAnswered = true
      this.onChange()
    }
    const onText = (text: string) => {
      const [head = '', ...lines] = text.split('\n')
      rest.push(head)
      size += head.length
      if (size > LINE_MAX) return fail(`it sent a line of more than ${LINE_MAX / 1024 ** 2} MB, which no fleet has`)
      for (const next of lines) {
        take(rest.join(''))
        rest = [next]
        size = next.length
      }
    }
    const onComplaint = (text: string) => {
      said = (said + text).slice(-COMPLAINT_MAX)
    }
    try {
      const code = await this.#options.stream({ isBackground, onText, onComplaint, signal: attempt.signal })
      if (!attempt.signal.aborted) this.problem = lastLine(said) ?? endOf(code)
    } catch (err) {
      if (!(err instanceof UserError)) throw err
      this.problem = lastLine(said) ?? err.message
    } finally {
      attempt.release()
    }
    return hasAnswered
  }
}

function lastLine(text: string): string | undefined {
  return text
    .split(/[\r\n]+/)
    .filter(line => line.trim() !== '')
    .at(-1)
}

/** 64: an unknown option. */
function endOf(code: number): string {
  return code === 64
    ? 'its oobm-relay is older and cannot be followed: upgrade it'
    : `its oobm-relay ended with exit code ${code}`
}
