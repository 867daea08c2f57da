/** One wireless interface over time: what is wrong with it, since when, and what was done about it; pure. */
import type { RecoveryRequest, RequestAnswer } from '../../formats/recovery-request.ts'
import type { RecoveryStep } from '../../formats/recovery-steps.ts'
import type { SupervisorStatus } from '../../formats/status-file.ts'
import { type NextStep, nextStep, type Trouble } from './stuck-wifi.ts'

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
  answer: Pick<RequestAnswer, 'result' | 'detail'> | undefined
}

export class Radio {
  readonly name: string
  hasWorked: boolean
  #trouble: { kind: Trouble; sinceMs: number; cause: string } | undefined
  /** Of each kind the last one, in this trouble. */
  #steps: Step[] = []
  #next: NextStep | undefined

  constructor(name: string, hasWorked: boolean) {
    this.name = name
    this.hasWorked = hasWorked
  }

  /** @returns the step that it is time for */
  look(look: RadioLook): RecoveryStep | undefined {
    const { nowMs, isConnected, isElsewhere, mayReboot } = look
    if (isConnected) this.hasWorked = true
    const found = troubleIn(look)
    if (found === undefined) {
      this.#trouble = undefined
      this.#steps = []
    } else {
      const isSame = found.kind === this.#trouble?.kind
      this.#trouble = { ...found, sinceMs: isSame ? (this.#trouble?.sinceMs ?? nowMs) : nowMs }
    }
    const asked = Object.fromEntries(this.#steps.map(({ step, atMs }) => [step, atMs]))
    const { hasWorked } = this
    this.#next = nextStep({ nowMs, trouble: this.#trouble, asked, hasWorked, isElsewhere, mayReboot })
    return this.#next !== undefined && this.#next.atMs <= nowMs ? this.#next.step : undefined
  }

  /** It was asked for. */
  asked(step: RecoveryStep, nowMs: number): void {
    this.#steps = [...this.#steps.filter(one => one.step !== step), { step, atMs: nowMs, answer: undefined }]
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
