/** The keyboard of a console while `run` holds it: what it sends, and why it has to stop. */
import type { Clock } from '../../runtime/clock.ts'
import { controllerUnder, OVER, whenAborted } from '../../runtime/waiting.ts'
import type { Console } from '../console/console.ts'
import type { Loss } from '../console/loss.ts'
import { calledAs, type Person } from '../console/person.ts'
import { refusalOf } from '../console/right.ts'
import type { Seat } from '../console/seat.ts'
import { exitOfLoss, SESSION_EXIT, type SessionExit } from '../session/exit-codes.ts'

/** Why nothing more is sent. */
export interface Stop {
  exitCode: SessionExit
  text: string
}

export class Keyboard {
  readonly #console: Console
  readonly #clock: Clock
  readonly #stopped = new AbortController()
  #seat: Seat | undefined
  #stop: Stop | undefined
  #wake: () => void = () => {}
  /** When the target last said something. */
  heardAtMs = Number.NEGATIVE_INFINITY

  private constructor(console: Console, clock: Clock) {
    this.#console = console
    this.#clock = clock
  }

  /** @returns why not, when somebody else has it, or nothing can be sent */
  static take(console: Console, person: Person, clock: Clock): Keyboard | Stop {
    const refusal = refusalOf(person)
    if (refusal !== undefined) return { exitCode: SESSION_EXIT.observer, text: refusal }
    const { state } = console
    if (!state.open) return { exitCode: SESSION_EXIT.notSent, text: `the line is closed: ${state.cause}` }
    if (console.keyboard.describeOccupied(person) !== undefined) return occupied(console, person)
    const keyboard = new Keyboard(console, clock)
    keyboard.#attach(person)
    if (keyboard.#stop === undefined) return keyboard
    keyboard.release()
    return keyboard.#stop
  }

  get stop(): Stop | undefined {
    this.#check()
    return this.#stop
  }

  /** Aborted when it has to stop. */
  get stopped(): AbortSignal {
    return this.#stopped.signal
  }

  halt(stop: Stop): void {
    this.#stop ??= stop
    this.#stopped.abort(OVER)
    this.#wake()
  }

  /** Resolves once all of it is on the wire, or is not going to be: then there is a {@link stop}. */
  async send(bytes: Buffer): Promise<void> {
    if (!this.#seat || this.stop) return
    const outcome = this.#console.input.type(this.#seat, bytes)
    if (outcome === 'occupied') this.halt(occupied(this.#console, this.#seat))
    if (outcome === 'closed') this.halt({ exitCode: SESSION_EXIT.notSent, text: 'the line is closed' })
    if (outcome === 'taken' || outcome === 'full') await this.#console.input.sent(this.#seat, this.stopped)
  }

  /** Resolves after so many milliseconds, or when something happens, or when it has to stop. */
  async change(ms: number): Promise<void> {
    const woken = controllerUnder(this.stopped)
    this.#wake = () => woken.abort(OVER)
    await this.#clock.sleep(ms, woken.signal)
    this.#wake = () => {}
    woken.release()
  }

  /** Settles with undefined when it has to stop before. */
  async orStop<T>(work: Promise<T>): Promise<T | undefined> {
    const done = new AbortController()
    try {
      return await Promise.race([work, whenAborted(this.stopped, done.signal).then(() => undefined)])
    } finally {
      done.abort(OVER)
    }
  }

  release(): void {
    const seat = this.#seat
    this.#seat = undefined
    if (seat) this.#console.sessions.leave(seat)
  }

  #attach(person: Person): void {
    const lost = ({ kind, text }: Loss) => this.halt({ exitCode: exitOfLoss(kind), text })
    const console = this.#console
    this.#seat = console.sessions.attach({ ...person, port: 'run' }, false, {
      onOutput: () => {
        this.heardAtMs = this.#clock.nowMs()
        this.#wake()
      },
      onNotice: () => this.#wake(),
      onRoom: () => this.#check(),
      onSent: () => {},
      onLost: (_, loss) => lost(loss),
      onOthersBreak: loss => lost(loss),
      onDismissed: async text => {
        this.halt({ exitCode: SESSION_EXIT.unavailable, text })
        this.release()
      },
    })
    if (console.writer !== this.#seat) this.halt(occupied(console, this.#seat))
    else console.tellAll(`${calledAs(this.#seat)} sends commands; taking over ends that`, this.#seat)
  }

  /** Nobody tells whoever loses the keyboard with nothing left to send. */
  #check(): void {
    const { writer, state } = this.#console
    if (!this.#seat || this.#stop) return
    if (writer !== this.#seat) {
      const text = writer ? `${calledAs(writer)} took over typing` : 'somebody took over typing'
      this.halt({ exitCode: SESSION_EXIT.occupied, text })
    } else if (!state.open) {
      this.halt({ exitCode: SESSION_EXIT.unavailable, text: `the line is closed: ${state.cause}` })
    }
  }
}

function occupied(console: Console, person: Seat | Person): Stop {
  const { writer } = console
  const who = console.keyboard.describeOccupied(person) ?? 'another person has the keyboard'
  return { exitCode: SESSION_EXIT.occupied, text: writer ? `${who}, from ${writer.from}` : who }
}
