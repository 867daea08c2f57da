/** The framing of telnet (RFC 854, RFC 855): what is data, and what is a command. No effects. */

/** RFC 854, "TELNET COMMAND STRUCTURE". */
export const TELNET = { se: 240, brk: 243, sb: 250, will: 251, wont: 252, do: 253, dont: 254, iac: 255 } as const

/** RFC 856, RFC 857, RFC 858, RFC 2217 section 1. */
export const OPTION = { binary: 0, echo: 1, suppressGoAhead: 3, comPort: 44 } as const

export type TelnetVerb = 'will' | 'wont' | 'do' | 'dont'

export type TelnetEvent =
  | { kind: 'data'; bytes: Buffer }
  | { kind: 'option'; verb: TelnetVerb; option: number }
  /** Of the option whose number comes first, without it; IAC IAC is one byte. */
  | { kind: 'subnegotiation'; option: number; bytes: Buffer }
  | { kind: 'break' }

/**
 * Bytes of a subnegotiation that are kept; a longer one is dropped whole. The commands of RFC 2217 have at most 5; only a
 * signature may be longer, and nothing depends on one.
 */
export const SUBNEGOTIATION_BOUND = 256

const VERBS: Partial<Record<number, TelnetVerb>> = {
  [TELNET.will]: 'will',
  [TELNET.wont]: 'wont',
  [TELNET.do]: 'do',
  [TELNET.dont]: 'dont',
}
const CR = 0x0d
const NUL = 0x00

type State = 'data' | 'iac' | 'option' | 'sub' | 'sub-iac'

export class TelnetParser {
  /**
   * The client sends BINARY (RFC 856). Before it does, a CR that is no line end comes as CR NUL (RFC 854), and the NUL is
   * dropped.
   */
  isBinary = false
  #state: State = 'data'
  #verb: TelnetVerb = 'wont'
  #sub: number[] = []
  #lastWasCr = false;

  /** Takes the next bytes, split anywhere. An event may change {@link isBinary} for the bytes that follow it. */
  *feed(bytes: Uint8Array): Generator<TelnetEvent> {
    let data: number[] = []
    for (const byte of bytes) {
      if (this.#state === 'data' && byte !== TELNET.iac) {
        if (!(byte === NUL && this.#lastWasCr && !this.isBinary)) data.push(byte)
        this.#lastWasCr = byte === CR
        continue
      }
      if (this.#state === 'iac' && byte === TELNET.iac) {
        this.#state = 'data'
        this.#lastWasCr = false
        data.push(byte)
        continue
      }
      const event = this.#next(byte)
      if (!event) continue
      if (data.length > 0) yield { kind: 'data', bytes: Buffer.from(data) }
      data = []
      yield event
    }
    if (data.length > 0) yield { kind: 'data', bytes: Buffer.from(data) }
  }

  /** A byte that is no data. */
  #next(byte: number): TelnetEvent | undefined {
    switch (this.#state) {
      case 'data':
        this.#state = 'iac'
        return undefined
      case 'iac':
        return this.#command(byte)
      case 'option':
        this.#state = 'data'
        return { kind: 'option', verb: this.#verb, option: byte }
      case 'sub':
        if (byte === TELNET.iac) this.#state = 'sub-iac'
        else this.#keep(byte)
        return undefined
      case 'sub-iac':
        return this.#inSubnegotiation(byte)
      default:
        return this.#state satisfies never
    }
  }

  #command(byte: number): TelnetEvent | undefined {
    const verb = VERBS[byte]
    if (verb !== undefined) {
      this.#state = 'option'
      this.#verb = verb
      return undefined
    }
    this.#state = 'data'
    if (byte === TELNET.brk) return { kind: 'break' }
    if (byte === TELNET.sb) {
      this.#state = 'sub'
      this.#sub = []
    }
    // The others (NOP, DM, AYT, EC, …) mean nothing to a serial line.
    return undefined
  }

  #inSubnegotiation(byte: number): TelnetEvent | undefined {
    if (byte === TELNET.iac) {
      this.#state = 'sub'
      this.#keep(byte)
      return undefined
    }
    // A subnegotiation that another command interrupts is over: a lost SE must not swallow all that follows.
    if (byte !== TELNET.se) return this.#command(byte)
    this.#state = 'data'
    const [option, ...bytes] = this.#sub
    const isWhole = option !== undefined && this.#sub.length <= SUBNEGOTIATION_BOUND
    return isWhole ? { kind: 'subnegotiation', option, bytes: Buffer.from(bytes) } : undefined
  }

  /** One byte beyond the bound marks what is too long. */
  #keep(byte: number): void {
    if (this.#sub.length <= SUBNEGOTIATION_BOUND) this.#sub.push(byte)
  }
}

/** Doubles each IAC in data (RFC 854; RFC 2217 has the same for the values of its commands). */
export function escapeIac(bytes: Buffer): Buffer {
  if (!bytes.includes(TELNET.iac)) return bytes
  return Buffer.from([...bytes].flatMap(byte => (byte === TELNET.iac ? [byte, byte] : [byte])))
}

export function optionCommand(verb: TelnetVerb, option: number): Buffer {
  return Buffer.from([TELNET.iac, TELNET[verb], option])
}

export function subnegotiation(option: number, bytes: Buffer): Buffer {
  const { iac, sb, se } = TELNET
  return Buffer.concat([Buffer.from([iac, sb, option]), escapeIac(bytes), Buffer.from([iac, se])])
}
