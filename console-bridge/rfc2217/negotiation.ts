/** Which telnet options are on, on either side, and what is answered to a client that wants to change that. No effects. */
import { OPTION, optionCommand, type TelnetVerb } from './telnet.ts'

/** `on`, `off`, or asked for by us and not answered yet. */
type Side = 'off' | 'asked' | 'on'

/** What we do ourselves. ECHO: the target echoes, so that a person's telnet does not do it as well (RFC 857). */
const OURS: readonly number[] = [OPTION.binary, OPTION.echo, OPTION.suppressGoAhead, OPTION.comPort]
/** What we let the client do. */
const THEIRS: readonly number[] = [OPTION.binary, OPTION.suppressGoAhead, OPTION.comPort]

export class Negotiation {
  readonly #ours = new Map<number, Side>()
  readonly #theirs = new Map<number, Side>()

  /**
   * What goes out first. COM-PORT-OPTION is the client's to offer (RFC 2217 section 1); asked for here too, it reaches
   * clients that wait for the server.
   */
  begin(): Buffer {
    for (const option of [OPTION.binary, OPTION.echo, OPTION.suppressGoAhead]) this.#ours.set(option, 'asked')
    for (const option of [OPTION.binary, OPTION.comPort]) this.#theirs.set(option, 'asked')
    return Buffer.concat([
      ...[...this.#ours.keys()].map(option => optionCommand('will', option)),
      ...[...this.#theirs.keys()].map(option => optionCommand('do', option)),
    ])
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
    if (isYes && !(isTheirs ? THEIRS : OURS).includes(option)) return optionCommand(no, option)
    // Only options of these lists are kept: a client cannot fill the memory.
    if (isYes || before !== 'off') sides.set(option, isYes ? 'on' : 'off')
    if (isYes) return before === 'off' ? optionCommand(yes, option) : undefined
    return before === 'on' ? optionCommand(no, option) : undefined
  }

  /** The client sends all bytes as they are. */
  get isBinary(): boolean {
    return this.#theirs.get(OPTION.binary) === 'on'
  }

  /** Either side agreed: not all clients know whose part it is. */
  get hasComPort(): boolean {
    return [this.#theirs, this.#ours].some(sides => sides.get(OPTION.comPort) === 'on')
  }
}
