/** Answers the commands of a client with the com port option (RFC 2217), each with the value that is in force after it. */
import type { LineSettings, ModemLines, ModemOutputs } from '../line/line.ts'
import {
  answer,
  asFlow,
  asSetting,
  COMMAND,
  CONTROL,
  flowValue,
  MODEM_CHANGES,
  modemState,
  PURGE,
  settingValue,
} from './com-port.ts'

/** The line as one client has it. A change that is not allowed, or fails, changes nothing: the answer shows it. */
export interface ComPort {
  /** What a client sees when it asks who answers. */
  readonly signature: string
  readonly settings: LineSettings
  readonly outputs: ModemOutputs
  readonly isInBreak: boolean
  set(changes: Partial<LineSettings>): Promise<void>
  setOutputs(changes: Partial<ModemOutputs>): Promise<void>
  /** Resolves when the BREAK is on the line, or has failed; for the end, when it is over. */
  setBreak(on: boolean): Promise<void>
  modemLines(): Promise<ModemLines | undefined>
  /** Drops what this client has not read yet. */
  purgeReceived(): void
  /** Drops what this client sent and the target has not. */
  purgeSent(): void
  /** While suspended, nothing more is written to the client. */
  suspend(on: boolean): void
}

/** RFC 2217 section 4: at the beginning, each change of a modem line is told. */
const ALL = 255

export class ComPortServer {
  readonly #port: ComPort
  #modemMask = ALL
  #modemLines: Partial<ModemLines> = {}

  constructor(port: ComPort) {
    this.#port = port
  }

  /** @returns undefined for a command that has no answer, or that the RFC does not have */
  async handle(bytes: Buffer): Promise<Buffer | undefined> {
    const [command, ...rest] = bytes
    const value = Buffer.from(rest)
    const [first] = rest
    switch (command) {
      case COMMAND.signature:
        // With a text it tells us the client's own, which needs no answer.
        return value.length === 0 ? answer(command, Buffer.from(this.#port.signature)) : undefined
      case COMMAND.setBaudRate:
      case COMMAND.setDataSize:
      case COMMAND.setParity:
      case COMMAND.setStopSize: {
        await this.#change(asSetting(command, value))
        return answer(command, settingValue(command, this.#port.settings))
      }
      case COMMAND.setControl:
        return first === undefined ? undefined : this.#control(first)
      case COMMAND.flowControlSuspend:
      case COMMAND.flowControlResume:
        // Section 5: neither has an answer.
        this.#port.suspend(command === COMMAND.flowControlSuspend)
        return undefined
      case COMMAND.setLineStateMask:
        // No adapter here tells the state of its line: the mask that is in force is empty.
        return answer(command, 0)
      case COMMAND.setModemStateMask:
        this.#modemMask = first ?? ALL
        return answer(command, this.#modemMask)
      case COMMAND.notifyModemState:
        // Not in the RFC; pyserial asks so with `poll_modem`.
        this.#modemLines = (await this.#port.modemLines()) ?? {}
        return answer(command, modemState(this.#modemLines))
      case COMMAND.purgeData:
        return this.#purge(first)
      default:
        return undefined
    }
  }

  /**
   * What the modem lines are, when one of them changed that the client wants to know of.
   * @param isFirst tells them in any case
   */
  async modemNotice(isFirst: boolean): Promise<Buffer | undefined> {
    const now = (await this.#port.modemLines()) ?? {}
    const state = modemState(now, isFirst ? now : this.#modemLines)
    this.#modemLines = now
    const isWanted = isFirst || (state & MODEM_CHANGES & this.#modemMask) !== 0
    return isWanted ? answer(COMMAND.notifyModemState, state & this.#modemMask) : undefined
  }

  get wantsModemNotices(): boolean {
    return this.#modemMask !== 0
  }

  async #change(changes: Partial<LineSettings> | undefined): Promise<void> {
    const port = this.#port
    if (changes === undefined) return
    const isNew = (Object.keys(changes) as (keyof LineSettings)[]).some(key => changes[key] !== port.settings[key])
    if (isNew) await port.set(changes)
  }

  async #control(value: number): Promise<Buffer | undefined> {
    const port = this.#port
    switch (value) {
      case CONTROL.breakOn:
      case CONTROL.breakOff:
        await port.setBreak(value === CONTROL.breakOn)
        break
      case CONTROL.dtrOn:
      case CONTROL.dtrOff:
        await this.#drive({ dtr: value === CONTROL.dtrOn })
        break
      case CONTROL.rtsOn:
      case CONTROL.rtsOff:
        await this.#drive({ rts: value === CONTROL.rtsOn })
        break
      default: {
        const flowControl = asFlow(value)
        await this.#change(flowControl && { flowControl })
      }
    }
    const now = this.#controlNow(value)
    return now === undefined ? undefined : answer(COMMAND.setControl, now)
  }

  async #drive(changes: Partial<ModemOutputs>): Promise<void> {
    const { outputs } = this.#port
    const isNew = (Object.keys(changes) as (keyof ModemOutputs)[]).some(key => changes[key] !== outputs[key])
    if (isNew) await this.#port.setOutputs(changes)
  }

  /** The state that a value of SET-CONTROL asks for or changes. */
  #controlNow(value: number): number | undefined {
    const { settings, outputs, isInBreak } = this.#port
    if (value <= CONTROL.hardware) return flowValue(settings, false)
    if (value <= CONTROL.breakOff) return isInBreak ? CONTROL.breakOn : CONTROL.breakOff
    if (value <= CONTROL.dtrOff) return outputs.dtr ? CONTROL.dtrOn : CONTROL.dtrOff
    if (value <= CONTROL.rtsOff) return outputs.rts ? CONTROL.rtsOn : CONTROL.rtsOff
    if (value <= CONTROL.hardwareIn || value === CONTROL.dtrFlow) return flowValue(settings, true)
    if (value <= CONTROL.dsrFlow) return flowValue(settings, false)
    return undefined
  }

  #purge(what: number | undefined): Buffer | undefined {
    if (what !== PURGE.received && what !== PURGE.sent && what !== PURGE.both) return undefined
    if (what !== PURGE.sent) this.#port.purgeReceived()
    if (what !== PURGE.received) this.#port.purgeSent()
    return answer(COMMAND.purgeData, what)
  }
}
