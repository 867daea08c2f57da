/** Which telnet options are on, on either side, and what is answered to a peer that wants to change that. No effects. */
import { OPTION, optionCommand, type TelnetVerb } from './telnet.ts'

/** `on`, `off`, or asked for by us and not answered yet. */
type Side = 'off' | 'asked' | 'on'

/** What one end of a connection wants and allows; what is in neither list is refused. */
export interface TelnetRole {
  /** What we do ourselves. */
  readonly ours: readonly number[]
  /** What we let the peer do. */
  readonly theirs: readonly number[]
  /** Of those, what we ask for at the beginning. */
  readonly asks: { readonly ours: readonly number[]; readonly theirs: readonly number[] }
}

/**
 * The console is the server. ECHO: the target echoes, so that a person's telnet does not do it as well (RFC 857).
 * COM-PORT-OPTION is the client's to offer (RFC 2217 section 1); asked for here too, it reaches clients that wait for the
 * server.
 */
export const SERVER: TelnetRole = {
  ours: [OPTION.binary, OPTION.echo, OPTION.suppressGoAhead, OPTION.comPort],
  theirs: [OPTION.binary, OPTION.suppressGoAhead, OPTION.comPort],
  asks: {
    ours: [OPTION.binary, OPTION.echo, OPTION.suppressGoAhead],
    theirs: [OPTION.binary, OPTION.comPort],
  },
}

export class Negotiation {
  readonly #role: TelnetRole
  readonly #ours = new Map<number, Side>()
  readonly #theirs = new Map<number, Side>()

  constructor(role: TelnetRole = SERVER) {
    this.#role = role
  }

  /** What goes out first: asks for what is not on or asked for yet. */
  begin(): Buffer {
    const { ours, theirs } = this.#role.asks
    const ask = (sides: Map<number, Side>, options: readonly number[], verb: TelnetVerb) =>
      options
        .filter(option => !sides.has(option))
        .map(option => {
          sides.set(option, 'asked')
          return optionCommand(verb, option)
        })
    return Buffer.concat([...ask(this.#ours, ours, 'will'), ...ask(this.#theirs, theirs, 'do')])
  }

  /**
   * @returns the answer. Undefined where there is none: an answer to an answer would make a loop (RFC 854, "NEGOTIATED
   *   OPTIONS", rule b)
   */
  answer(verb: TelnetVerb, option: number): Buffer | undefined {
    const isTheirs = verb === 'will' || verb === 'wont'
    const isYes = verb === 'will' || verb === 'do'
    const sides = isTheirs ? this.#theirs : this.#ours
    const before = sides.get(option) ?? 'off'
    const [yes, no]: [TelnetVerb, TelnetVerb] = isTheirs ? ['do', 'dont'] : ['will', 'wont']
    if (isYes && !this.#role[isTheirs ? 'theirs' : 'ours'].includes(option)) return optionCommand(no, option)
    // Only options of these lists are kept: a peer cannot fill the memory.
    if (isYes || before !== 'off') sides.set(option, isYes ? 'on' : 'off')
    if (isYes) return before === 'off' ? optionCommand(yes, option) : undefined
    return before === 'on' ? optionCommand(no, option) : undefined
  }

  /** The peer sends all bytes as they are. */
  get isBinary(): boolean {
    return this.#theirs.get(OPTION.binary) === 'on'
  }

  /** We send all bytes as they are. */
  get sendsBinary(): boolean {
    return this.#ours.get(OPTION.binary) === 'on'
  }

  /** Either side agreed: not all peers know whose part it is. */
  get hasComPort(): boolean {
    return [this.#theirs, this.#ours].some(sides => sides.get(OPTION.comPort) === 'on')
  }
}
