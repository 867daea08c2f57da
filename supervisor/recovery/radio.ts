/** One wireless interface over time: what is wrong with it, since when, and what was done about it; pure. */
import type { RecoveryRequest, RequestAnswer } from '../../formats/recovery-request.ts'
import type { RecoveryStep } from '../../formats/recovery-steps.ts'
import type { SupervisorStatus } from '../../formats/status-file.ts'
import { type NextStep, nextStep, type Trouble } from './stuck-wifi.ts'

/** Milliseconds that a radio has for its network when it is a hotspot no longer: less than until it is one again by itself. */
const BACK_MS = 2 * 60_000

/** Instants are monotonic milliseconds here. */
export type Recovery = NonNullable<SupervisorStatus['recovery']>[number]

export interface RadioLook {
  nowMs: number
  /** A relay is reached over it. */
  isConnected: boolean
  /** As the end of a sentence about the interface. */
  blocked: string | undefined
  /** Relays are tried over it, and over nothing else. */
  isTried: boolean
  isElsewhere: boolean
  mayReboot: boolean
}

interface Step {
  step: RecoveryStep
  atMs: number
  /** On the clock that stands still while the radio is something else. */
  lookedMs: number
  answer: Pick<RequestAnswer, 'result' | 'detail'> | undefined
}

export class Radio {
  readonly name: string
  hasWorked: boolean
  #trouble: { kind: Trouble; sinceMs: number; lookedMs: number; cause: string } | undefined
  /** Of each kind the last one, in this trouble. */
  #steps: Step[] = []
  #next: NextStep | undefined
  /** Milliseconds for which it was something else, of all its life. */
  #awayMs = 0
  /** The last time that it was seen so, while it is; and when it was back. */
  #awayAtMs: number | undefined
  #backAtMs: number | undefined

  constructor(name: string, hasWorked: boolean) {
    this.name = name
    this.hasWorked = hasWorked
  }

  /** It is a hotspot now: in no network, and nothing is wrong with it. What it is not looked for is no time of the trouble. */
  away(nowMs: number): void {
    this.#awayMs += nowMs - (this.#awayAtMs ?? nowMs)
    this.#awayAtMs = nowMs
    this.#next = undefined
  }

  /** @returns the step that it is time for */
  look(look: RadioLook): RecoveryStep | undefined {
    const { nowMs, isConnected, isElsewhere, mayReboot } = look
    if (this.#awayAtMs !== undefined) {
      this.away(nowMs)
      this.#awayAtMs = undefined
      this.#backAtMs = nowMs
    }
    const lookedMs = nowMs - this.#awayMs
    if (isConnected) this.hasWorked = true
    const found = troubleIn(look)
    if (found === undefined) {
      this.#trouble = undefined
      this.#steps = []
    } else {
      const isSame = found.kind === this.#trouble?.kind
      const began = isSame && this.#trouble !== undefined ? this.#trouble : { sinceMs: nowMs, lookedMs }
      this.#trouble = { ...found, sinceMs: began.sinceMs, lookedMs: began.lookedMs }
    }
    const asked = Object.fromEntries(this.#steps.map(one => [one.step, one.lookedMs]))
    const trouble = this.#trouble && { kind: this.#trouble.kind, sinceMs: this.#trouble.lookedMs }
    const { hasWorked } = this
    const next = nextStep({ nowMs: lookedMs, trouble, asked, hasWorked, isElsewhere, mayReboot })
    const earliestMs = (this.#backAtMs ?? Number.NEGATIVE_INFINITY) + BACK_MS
    this.#next = next && { ...next, atMs: Math.max(next.atMs + this.#awayMs, earliestMs) }
    return this.#next !== undefined && this.#next.atMs <= nowMs ? this.#next.step : undefined
  }

  /** It was asked for. */
  asked(step: RecoveryStep, nowMs: number): void {
    this.#steps = [
      ...this.#steps.filter(one => one.step !== step),
      { step, atMs: nowMs, lookedMs: nowMs - this.#awayMs, answer: undefined },
    ]
    this.#next = undefined
  }

  /** The last request, while there is no answer to it. */
  get unanswered(): RecoveryRequest | undefined {
    const last = this.#steps.at(-1)
    return last === undefined || last.answer !== undefined ? undefined : requestFor(last.step, this.name)
  }

  answered(answer: Pick<RequestAnswer, 'result' | 'detail'>): void {
    const last = this.#steps.at(-1)
    if (last !== undefined) last.answer = answer
  }

  /** Undefined while nothing is wrong with it. */
  get recovery(): Recovery | undefined {
    if (this.#trouble === undefined) return undefined
    const { cause, sinceMs } = this.#trouble
    return {
      ...{ interface: this.name, cause, since: sinceMs },
      steps: this.#steps.map(({ step, atMs, answer }) => ({
        ...{ step, at: atMs, result: answer?.result ?? 'asked', detail: answer?.detail ?? '' },
      })),
      next: this.#next === undefined ? null : { step: this.#next.step, at: this.#next.atMs },
    }
  }
}

export function requestFor(step: RecoveryStep, name: string): RecoveryRequest {
  return step === 'reboot' ? { step } : { step, interface: name }
}

function troubleIn({ isConnected, blocked, isTried }: RadioLook): { kind: Trouble; cause: string } | undefined {
  if (isConnected) return undefined
  if (blocked !== undefined) return { kind: 'blocked', cause: blocked }
  return isTried ? { kind: 'unproved', cause: 'gets an answer from its gateway, and reaches no relay' } : undefined
}
