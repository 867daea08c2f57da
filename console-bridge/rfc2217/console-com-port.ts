/** The line of a console as one RFC 2217 client has it; what the client changed goes back at the end. */
import { BREAK_MS } from '../../formats/exec-commands.ts'
import type { Clock } from '../../runtime/clock.ts'
import { VERSION } from '../../runtime/version.ts'
import { controllerUnder, OVER } from '../../runtime/waiting.ts'
import type { Console } from '../console/console.ts'
import type { Seat } from '../console/seat.ts'
import { setLine } from '../console/set-line.ts'
import type { LineChanges } from '../line/changes.ts'
import type { LineSettings, ModemLines, ModemOutputs } from '../line/line.ts'
import type { ComPort } from './com-port-server.ts'

export interface ConsoleComPortOptions {
  console: Console
  seat: Seat
  clock: Clock
  /** The end of the program. */
  signal: AbortSignal
  /** The end of the connection. */
  over: AbortSignal
  onPurgeReceived(): void
  onPurgeSent(): void
  onSuspend(on: boolean): void
}

export class ConsoleComPort implements ComPort {
  readonly #options: ConsoleComPortOptions
  /** Settings that this client changed, as they were before, and as it left them. */
  #before: Partial<LineSettings> = {}
  #after: Partial<LineSettings> = {}
  #break: { end: AbortController; beganAtMs: number | undefined; over: Promise<unknown> } | undefined

  constructor(options: ConsoleComPortOptions) {
    this.#options = options
  }

  get signature(): string {
    return `oobm-console ${VERSION}, ${this.#options.console.name}`
  }

  get settings(): LineSettings {
    return this.#options.console.control.settings
  }

  get outputs(): ModemOutputs {
    return this.#options.console.control.outputs
  }

  get isInBreak(): boolean {
    return this.#break?.beganAtMs !== undefined
  }

  async set(changes: Partial<LineSettings>): Promise<void> {
    const before = this.settings
    if (!(await this.#change(changes))) return
    this.#before = { ...pick(before, changes), ...this.#before }
    this.#after = { ...this.#after, ...changes }
  }

  async setOutputs(changes: Partial<ModemOutputs>): Promise<void> {
    await this.#change(changes)
  }

  async modemLines(): Promise<ModemLines | undefined> {
    return this.#options.console.control.modemLines()
  }

  async setBreak(on: boolean): Promise<void> {
    if (on) await this.#beginBreak()
    else await this.#endBreak()
  }

  purgeReceived(): void {
    this.#options.onPurgeReceived()
  }

  purgeSent(): void {
    this.#options.onPurgeSent()
  }

  suspend(on: boolean): void {
    this.#options.onSuspend(on)
  }

  /** The end of the connection: BREAK off, and settings as they were, where nobody changed them since. DTR and RTS stay. */
  async restore(): Promise<void> {
    await this.#endBreak()
    const now = this.settings
    const isMine = (key: string) => now[key as keyof LineSettings] === this.#after[key as keyof LineSettings]
    const mine = Object.fromEntries(Object.entries(this.#before).filter(([key]) => isMine(key)))
    if (Object.keys(mine).length > 0) await this.#set(mine)
  }

  /** What was sent before is sent with the old settings. @returns whether it was changed */
  async #change(changes: LineChanges): Promise<boolean> {
    const { console, seat, over } = this.#options
    if (!seat.mayType || console.keyboard.describeOccupied(seat) !== undefined) return false
    await console.input.sent(seat, over)
    return !over.aborted && this.#set(changes)
  }

  async #set(changes: LineChanges): Promise<boolean> {
    const { console, seat, signal } = this.#options
    return (await setLine({ console, by: seat, signal }, changes, false)).set
  }

  async #beginBreak(): Promise<void> {
    const { console, seat, clock, signal } = this.#options
    if (this.#break) return
    const end = controllerUnder(signal)
    await new Promise<void>(begun => {
      const onBegun = () => {
        if (this.#break) this.#break.beganAtMs = clock.nowMs()
        begun()
      }
      const over = console.breaks.send(seat, { end: end.signal, onBegun }, signal).finally(() => {
        this.#break = undefined
        end.release()
        begun()
      })
      this.#break = { end, beganAtMs: undefined, over }
    })
  }

  /** A BREAK that is shorter than the shortest may pass unseen. */
  async #endBreak(): Promise<void> {
    const running = this.#break
    if (!running) return
    const { clock, signal } = this.#options
    const leftMs = running.beganAtMs === undefined ? 0 : running.beganAtMs + BREAK_MS.min - clock.nowMs()
    if (leftMs > 0) await clock.sleep(leftMs, signal)
    running.end.abort(OVER)
    await running.over
  }
}

function pick(settings: LineSettings, keys: Partial<LineSettings>): Partial<LineSettings> {
  return Object.fromEntries(Object.entries(settings).filter(([key]) => Object.hasOwn(keys, key)))
}
