/** Reduces past output to text: a terminal that shows it neither answers queries nor changes its modes. */

const ESC = 0x1b
const BEL = 0x07
const CAN = 0x18
const SUB = 0x1a
const NEWLINE = 0x0a
/** The control characters that are kept: backspace, tab, newline, carriage return. */
const KEPT_CONTROLS = [0x08, 0x09, NEWLINE, 0x0d]
/**
 * Introducers of control strings (ECMA-48: DCS, SOS, OSC, PM, APC; k is screen's title), after ESC; and as 8-bit C1.
 */
const STRINGS = [...'PX]^_k'].map(letter => letter.charCodeAt(0))
const C1_STRINGS = [0x90, 0x98, 0x9d, 0x9e, 0x9f]
const C1_CSI = 0x9b
/** Bytes after which a control string counts as noise. */
const STRING_BOUND_BYTES = 4_096
/** Bytes without a newline after which what follows counts as text, whatever came before it. */
const UNKNOWN_BOUND_BYTES = 256

/** `unknown`: the bytes before the first one were overwritten, and may have been half a sequence. */
type State = 'ground' | 'escape' | 'intermediate' | 'csi' | 'string' | 'unknown'

export class PlainText {
  #state: State
  /** The bytes of a UTF-8 character so far, and how many are still to come. */
  #character: number[] = []
  #toCome = 0
  #stringBytes = 0

  /**
   * @param isWhole false where the first byte may be in the middle of a sequence: text then begins with the next line
   */
  constructor(isWhole = true) {
    this.#state = isWhole ? 'ground' : 'unknown'
  }

  /** Between two sequences and two characters. */
  get isBetween(): boolean {
    return this.#state === 'ground' && this.#toCome === 0
  }

  /** @returns only the text */
  feed(input: Uint8Array): Buffer {
    const out: number[] = []
    for (const byte of input) this.#take(byte, out)
    return Buffer.from(out)
  }

  /** Removes the rest of a sequence or character that began before; what follows is returned unchanged. */
  finish(input: Buffer): Buffer {
    const out: number[] = []
    let at = 0
    while (at < input.length && !this.isBetween) {
      // A sequence that begins here is complete.
      if (this.#state === 'unknown' && input[at] === ESC) this.#state = 'ground'
      else this.#take(input[at++] as number, out)
    }
    return at === 0 ? input : Buffer.concat([Buffer.from(out), input.subarray(at)])
  }

  #take(byte: number, out: number[]): void {
    if (this.#toCome > 0 && isContinuation(byte)) {
      this.#continueCharacter(byte, out)
      return
    }
    if (this.#toCome > 0) this.#endCharacter(out)
    if (byte === ESC) this.#state = 'escape'
    else if (byte === CAN || byte === SUB) this.#state = this.#state === 'unknown' ? 'unknown' : 'ground'
    else if (this.#state === 'string') this.#inString(byte, out)
    else if (this.#state === 'unknown') {
      if (byte === NEWLINE || ++this.#stringBytes > UNKNOWN_BOUND_BYTES) this.#state = 'ground'
    } else if (byte < 0x20) {
      if (KEPT_CONTROLS.includes(byte)) out.push(byte)
    } else if (byte === 0x7f) return
    else if (byte >= 0x80) this.#high(byte, out)
    else this.#printable(byte, out)
  }

  #printable(byte: number, out: number[]): void {
    switch (this.#state) {
      case 'escape':
        if (byte === 0x5b) this.#state = 'csi'
        else if (STRINGS.includes(byte)) this.#beginString()
        else this.#state = byte < 0x30 ? 'intermediate' : 'ground'
        break
      case 'intermediate':
        if (byte >= 0x30) this.#state = 'ground'
        break
      case 'csi':
        if (byte >= 0x40) this.#state = 'ground'
        break
      default:
        out.push(byte)
    }
  }

  /** A C1 control, the first byte of a character, or text of an older character set: each ends a sequence. */
  #high(byte: number, out: number[]): void {
    this.#state = 'ground'
    if (byte < 0xa0) {
      this.#c1(byte)
      return
    }
    this.#toCome = byte >= 0xf0 && byte < 0xf5 ? 3 : byte >= 0xe0 ? 2 : byte >= 0xc2 ? 1 : 0
    this.#character = [byte]
    if (this.#toCome === 0) out.push(byte)
  }

  #c1(byte: number): void {
    if (byte === C1_CSI) this.#state = 'csi'
    else if (C1_STRINGS.includes(byte)) this.#beginString()
  }

  #continueCharacter(byte: number, out: number[]): void {
    this.#character.push(byte)
    if (--this.#toCome > 0) return
    const [first] = this.#character
    // U+0080 to U+009F are the C1 controls in UTF-8.
    if (first === 0xc2 && byte < 0xa0) this.#c1(byte)
    else out.push(...this.#character)
  }

  /** It was not UTF-8: text of an older character set stays, C1 controls do not. */
  #endCharacter(out: number[]): void {
    out.push(...this.#character.filter(byte => byte >= 0xa0))
    this.#toCome = 0
  }

  #beginString(): void {
    this.#state = 'string'
    this.#stringBytes = 0
  }

  /** Strings that equipment sends have no newline in them, so one without an end hides at most its line. */
  #inString(byte: number, out: number[]): void {
    if (byte === NEWLINE) out.push(byte)
    if (byte === BEL || byte === 0x9c || byte === NEWLINE || ++this.#stringBytes > STRING_BOUND_BYTES) {
      this.#state = 'ground'
    }
  }
}

function isContinuation(byte: number): boolean {
  return byte >= 0x80 && byte < 0xc0
}
