/** Asks a server for what the com port option can do (RFC 2217), one command after another; each answer is waited for. */
import { UserError } from '../../runtime/errors.ts'
import { within } from '../../runtime/waiting.ts'
import type { LineSettings, ModemLines, ModemOutputs } from '../line/line.ts'
import {
  ANSWER,
  asFlow,
  asSetting,
  COMMAND,
  CONTROL,
  command,
  flowValue,
  modemLinesOf,
  NOTICE,
  PURGE,
  settingValue,
} from '../rfc2217/com-port.ts'

/** Milliseconds for one answer: the server may be at the other end of a satellite. */
const ANSWER_MS = 5_000
/** Milliseconds for an answer that is only for the journal. */
const SIGNATURE_MS = 1_000

export interface ComPortClientOptions {
  send(bytes: Buffer): void
  /** The end of the connection. */
  over: AbortSignal
  /** The server asks that nothing more is sent, or no longer. */
  onSuspended(on: boolean): void
}

/** The settings that have a command of their own. */
const SETTINGS = [
  [COMMAND.setBaudRate, 'baudRate', 'speed'],
  [COMMAND.setDataSize, 'dataBits', 'data bits'],
  [COMMAND.setParity, 'parity', 'parity'],
  [COMMAND.setStopSize, 'stopBits', 'stop bits'],
] as const

export class ComPortClient {
  readonly #options: ComPortClientOptions
  /** Who waits for the answer to a command; there is one at a time. */
  #waiting: { command: number; settle(value: Buffer): void } | undefined
  #turn: Promise<unknown> = Promise.resolve()
  #modem: ModemLines | undefined

  constructor(options: ComPortClientOptions) {
    this.#options = options
  }

  /** Undefined until the server told them. */
  get modemLines(): ModemLines | undefined {
    return this.#modem
  }

  /** Takes what came in a subnegotiation of the option. */
  hear(bytes: Buffer): void {
    const [number = 0] = bytes
    const value = bytes.subarray(1)
    switch (number) {
      case NOTICE.modemState:
        if (value.length > 0) this.#modem = modemLinesOf(value[0] ?? 0)
        return
      case NOTICE.suspend:
      case NOTICE.resume:
        this.#options.onSuspended(number === NOTICE.suspend)
        return
      case NOTICE.lineState:
        return
      default:
        if (this.#waiting?.command === number - ANSWER) this.#waiting.settle(value)
    }
  }

  /** What the server calls itself; undefined when it does not say. */
  async signature(): Promise<string | undefined> {
    const value = await this.#ask(COMMAND.signature, Buffer.of(), SIGNATURE_MS).catch(() => undefined)
    return value === undefined || value.length === 0 ? undefined : value.toString('latin1')
  }

  /** All changes of modem lines. Not every server answers this, and nothing depends on an answer. */
  wantModemLines(): void {
    this.#options.send(command(COMMAND.setModemStateMask, 255))
  }

  /** @throws UserError that names what the server did not take; what it took before stays */
  async set(wanted: LineSettings): Promise<void> {
    for (const [number, key, what] of SETTINGS) {
      const value = await this.#ask(number, settingValue(number, wanted))
      const taken = asSetting(number, value)?.[key]
      if (taken !== wanted[key]) throw new UserError(refusal(`${what} ${wanted[key]}`, taken))
    }
    const value = await this.#ask(COMMAND.setControl, flowValue(wanted, false))
    const flow = asFlow(value[0] ?? 0)
    if (flow !== wanted.flowControl) throw new UserError(refusal(`flow control ${wanted.flowControl}`, flow))
  }

  /** @throws UserError where the server did not do it */
  async drive({ dtr, rts }: Partial<ModemOutputs>): Promise<void> {
    if (dtr !== undefined) await this.#control(dtr ? CONTROL.dtrOn : CONTROL.dtrOff, 'DTR')
    if (rts !== undefined) await this.#control(rts ? CONTROL.rtsOn : CONTROL.rtsOff, 'RTS')
  }

  /**
   * @throws UserError where the server did not begin it. What it answers to the end says nothing: ser2net's is the answer to
   *   the beginning
   */
  async setBreak(on: boolean): Promise<void> {
    if (on) await this.#control(CONTROL.breakOn, 'BREAK')
    else await this.#ask(COMMAND.setControl, CONTROL.breakOff)
  }

  /** Drops what the server has and the target has not. */
  async purgeSent(): Promise<void> {
    await this.#ask(COMMAND.purgeData, PURGE.sent)
  }

  async #control(value: number, what: string): Promise<void> {
    const now = await this.#ask(COMMAND.setControl, value)
    if (now[0] !== value) throw new UserError(`the server did not change ${what}`)
  }

  /** @throws UserError when there is no answer in time */
  #ask(number: number, value: Buffer | number, ms = ANSWER_MS): Promise<Buffer> {
    const asked = this.#turn.then(() => this.#askNow(number, value, ms))
    this.#turn = asked.catch(() => {})
    return asked
  }

  async #askNow(number: number, value: Buffer | number, ms: number): Promise<Buffer> {
    const { over, send } = this.#options
    const outcome = await within(
      ms,
      [over],
      () =>
        new Promise<Buffer>(settle => {
          this.#waiting = { command: number, settle }
          send(command(number, value))
        }),
    )
    this.#waiting = undefined
    if (outcome.kind === 'done') return outcome.value
    throw new UserError(over.aborted ? 'the line is closed' : 'the server does not answer a command of RFC 2217')
  }
}

function refusal(wanted: string, taken: unknown): string {
  return `the server does not support ${wanted}${taken === undefined ? '' : `: it took ${taken} instead`}`
}
