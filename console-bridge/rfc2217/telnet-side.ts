/** What a telnet client sends, sorted into data, BREAK and commands of the com port option; the latter are answered here. */
import type { Clock } from '../../runtime/clock.ts'
import { type ComPort, ComPortServer } from './com-port-server.ts'
import { Negotiation } from './negotiation.ts'
import { OPTION, type TelnetEvent, TelnetParser } from './telnet.ts'

export interface TelnetSideOptions {
  port: ComPort
  clock: Clock
  /** The end of the connection. */
  over: AbortSignal
  write(bytes: Buffer): Promise<void>
  /** Resolves when more may come. */
  onData(bytes: Buffer): Promise<void>
  /** telnet's own BRK command. */
  onBreak(): Promise<unknown>
}

/** Answers in one write. */
const ANSWERS_BOUND = 1_000
/** Milliseconds between two looks at the modem lines. */
const MODEM_MS = 1_000

export class TelnetSide {
  readonly #options: TelnetSideOptions
  readonly #parser = new TelnetParser()
  readonly #negotiation = new Negotiation()
  readonly #server: ComPortServer
  #answers: Buffer[] = []
  #tellsModem = false

  constructor(options: TelnetSideOptions) {
    this.#options = options
    this.#server = new ComPortServer(options.port)
  }

  begin(): Promise<void> {
    return this.#options.write(this.#negotiation.begin())
  }

  /** In order: each is done, or has its place, before the next. */
  async take(bytes: Buffer): Promise<void> {
    for (const event of this.#parser.feed(bytes)) {
      if (this.#options.over.aborted) return
      const answer = await this.#handle(event)
      if (answer) this.#answers.push(answer)
      if (this.#answers.length >= ANSWERS_BOUND) await this.sendAnswers()
    }
    await this.sendAnswers()
  }

  /** Together: each packet of SSH costs native memory that only the next garbage collection gives back. */
  async sendAnswers(): Promise<void> {
    const answers = this.#answers
    this.#answers = []
    if (answers.length > 0) await this.#options.write(Buffer.concat(answers))
  }

  /** @returns what is answered */
  async #handle(event: TelnetEvent): Promise<Buffer | undefined> {
    const negotiation = this.#negotiation
    switch (event.kind) {
      case 'data':
        await this.#options.onData(event.bytes)
        return undefined
      case 'option': {
        const answer = negotiation.answer(event.verb, event.option)
        this.#parser.isBinary = negotiation.isBinary
        if (negotiation.hasComPort) void this.#tellModemLines()
        return answer
      }
      case 'subnegotiation': {
        const isComPort = event.option === OPTION.comPort && negotiation.hasComPort
        return isComPort ? this.#server.handle(event.bytes) : undefined
      }
      case 'break':
        await this.#options.onBreak()
        return undefined
      default:
        return event satisfies never
    }
  }

  async #tellModemLines(): Promise<void> {
    const { clock, over, write } = this.#options
    if (this.#tellsModem) return
    this.#tellsModem = true
    for (let isFirst = true; !over.aborted; isFirst = false) {
      const isWanted = isFirst || this.#server.wantsModemNotices
      const notice = isWanted ? await this.#server.modemNotice(isFirst) : undefined
      if (notice && !over.aborted) await write(notice)
      await clock.sleep(MODEM_MS, over)
    }
  }
}
