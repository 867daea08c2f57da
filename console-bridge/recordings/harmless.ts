/**
 * Past output for a terminal that shows it with its colours and cursor movements, without what makes the terminal answer
 * (its answers would be typed into whatever comes next), and without control strings such as titles; pure.
 */

const ESC = 0x1b
const CAN = 0x18
const SUB = 0x1a
const BEL = 0x07
/** Asks VT terminals who they are. */
const ENQ = 0x05
/** DCS, SOS, OSC, PM, APC, and screen's title: ECMA-48 section 5.6, after ESC. */
const STRINGS = new Set([...'PX]^_k'].map(letter => letter.charCodeAt(0)))
/** Begins U+0080 to U+00BF in UTF-8. */
const HELD = 0xc2
/** Bytes of a control string or sequence after which it counts as text again. */
const BOUND_BYTES = 4_096
/**
 * What a terminal answers, without its CSI: status and cursor (n), attributes (c), parameters (x), modes ($p), state ($w, $u),
 * window (t), keyboard (?u); and all that begins with < = or >, which asks for more or changes what its keys send:
 * https://invisible-island.net/xterm/ctlseqs/ctlseqs.html
 */
const ASKS = /^(?:[<=>]|[?]?[\d;:]*(?:[cnxt]|\$[pwu])$|\?[\d;:]*u$)/
const ALTERNATE = /^\?(?:[\d;]*;)?(?:47|1047|1049)(?:;[\d;]*)?([hl])$/

type State = 'ground' | 'escape' | 'intermediate' | 'csi' | 'string'

export class Harmless {
  #state: State = 'ground'
  #sequence = ''
  #stringBytes = 0
  /** Continuation bytes of a UTF-8 character that are still to come. */
  #toCome = 0
  /** The first byte of a character from U+0080 to U+00BF was read, and waits for the second. */
  #isHeld = false
  #isAlternate = false

  /** The alternate screen is shown: a program such as an editor or a boot menu runs. */
  get isAlternate(): boolean {
    return this.#isAlternate
  }

  feed(input: Uint8Array): Buffer {
    const out: number[] = []
    for (const byte of input) this.#take(byte, out)
    return Buffer.from(out)
  }

  #take(byte: number, out: number[]): void {
    if (byte === ESC) this.#begin('escape')
    else if (byte === CAN || byte === SUB) this.#begin('ground')
    else if (this.#state === 'ground') this.#ground(byte, out)
    else if (this.#state === 'string') this.#string(byte)
    else if (byte < 0x20) {
      // A terminal obeys controls within a sequence at once.
      if (byte !== ENQ) out.push(byte)
    } else this.#inSequence(byte, out)
  }

  #begin(state: State): void {
    this.#state = state
    this.#sequence = ''
    this.#stringBytes = 0
    this.#toCome = 0
    this.#isHeld = false
  }

  #ground(byte: number, out: number[]): void {
    const isNext = byte >= 0x80 && byte < 0xc0
    if (this.#isHeld) {
      this.#isHeld = false
      // U+0080 to U+009F are the C1 controls in UTF-8.
      if (isNext && byte < 0xa0) return
      out.push(HELD)
      if (isNext) {
        out.push(byte)
        return
      }
    } else if (this.#toCome > 0 && isNext) {
      this.#toCome--
      out.push(byte)
      return
    }
    this.#toCome = byte >= 0xf0 ? 3 : byte >= 0xe0 ? 2 : byte > HELD ? 1 : 0
    if (byte === HELD) this.#isHeld = true
    // Alone, 0x80 to 0x9f are C1 controls for terminals that do not use UTF-8.
    else if (byte !== ENQ && (byte < 0x80 || byte >= 0xa0)) out.push(byte)
  }

  #inSequence(byte: number, out: number[]): void {
    this.#sequence += String.fromCharCode(byte)
    if (this.#sequence.length > BOUND_BYTES) this.#begin('ground')
    else if (this.#state === 'csi') {
      if (byte < 0x40) return
      const shown = ALTERNATE.exec(this.#sequence)?.[1]
      if (shown !== undefined) this.#isAlternate = shown === 'h'
      this.#end(`[${this.#sequence}`, out, ASKS.test(this.#sequence))
    } else if (this.#state === 'escape' && byte === 0x5b) this.#begin('csi')
    else if (this.#state === 'escape' && STRINGS.has(byte)) this.#begin('string')
    else if (byte < 0x30) this.#state = 'intermediate'
    // DECID, an old way to ask; and the end of a control string.
    else this.#end(this.#sequence, out, this.#sequence === 'Z' || this.#sequence === '\\')
  }

  #end(sequence: string, out: number[], isDropped: boolean): void {
    if (!isDropped) out.push(ESC, ...Buffer.from(sequence, 'latin1'))
    this.#begin('ground')
  }

  #string(byte: number): void {
    if (byte === BEL || byte === 0x0a || byte === 0x9c || ++this.#stringBytes > BOUND_BYTES) this.#begin('ground')
  }
}
