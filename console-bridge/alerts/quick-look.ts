/**
 * A quick look before a rule is tried: what each match of its expression must have in it, as an expression for the engine of
 * JavaScript, which is several times as fast on a long text. It is one character after the other, without repetition, so that
 * it takes linear time there, too. Pure.
 */

/** A piece of a match whose length is known. */
interface Run {
  source: string
  /** How rare it is: about the number of characters that are given. */
  weight: number
}

/** With less, nearly every line would have it. */
const WEIGHT_MIN = 2
const BREAK: Run = { source: '', weight: 0 }
/** Of a character class with up to so many characters. */
const FEW = { characters: 12, weight: 0.5 }
/** What JavaScript takes for syntax. */
const SYNTAX = /[\\^$.*+?()[\]{}|/]/
const CLASSES: Readonly<Record<string, string>> = { d: '[0-9]', w: '[0-9A-Za-z_]' }

/**
 * @param pattern that RE2 accepts
 * @returns what to look for: without any of these, the pattern has no match; undefined where nothing is certain
 */
export function quickLook(pattern: string): string[] | undefined {
  const reader = new PatternReader(pattern)
  const runs = reader.branches()
  return runs?.every(({ weight }) => weight >= WEIGHT_MIN) ? runs.map(({ source }) => source) : undefined
}

class PatternReader {
  readonly #pattern: string
  readonly #ignoresCase: boolean
  #at = 0

  constructor(pattern: string) {
    this.#ignoresCase = pattern.startsWith('(?i)')
    this.#pattern = this.#ignoresCase ? pattern.slice(4) : pattern
  }

  /** The rarest run of each alternative; undefined for syntax that this does not know. */
  branches(): Run[] | undefined {
    const found: Run[] = []
    let best = BREAK
    let run = BREAK
    const end = (next: Run = BREAK) => {
      if (run.weight > best.weight) best = run
      run = next
    }
    while (this.#at < this.#pattern.length) {
      if (this.#takes('|')) {
        end()
        found.push(best)
        best = BREAK
        continue
      }
      const atom = this.#atom()
      if (atom === undefined) return undefined
      const times = this.#repetition()
      if (times === undefined) return undefined
      if (atom === 'nothing') continue
      if (times === 'optional' || atom === 'anything') end()
      else {
        run = { source: run.source + atom.source, weight: run.weight + atom.weight }
        // One of them comes last, and what follows comes right after it.
        if (times === 'several') end(atom)
      }
    }
    end()
    return [...found, best]
  }

  #takes(text: string): boolean {
    if (!this.#pattern.startsWith(text, this.#at)) return false
    this.#at += text.length
    return true
  }

  #atom(): Run | 'anything' | 'nothing' | undefined {
    const character = String.fromCodePoint(this.#pattern.codePointAt(this.#at) ?? 0)
    if (character === '[') return this.#class()
    if (character === '(') return this.#group()
    this.#at += character.length
    if (character === '\\') return this.#escape()
    if (character === '.') return 'anything'
    if (character === '^' || character === '$') return 'nothing'
    return this.#literal(character)
  }

  #literal(character: string): Run | 'anything' {
    if (character > '\x7f') return this.#ignoresCase ? 'anything' : { source: character, weight: 1 }
    if (!/[A-Za-z]/.test(character)) return { source: character.replace(SYNTAX, '\\$&'), weight: 1 }
    if (!this.#ignoresCase) return { source: character, weight: 1 }
    const [lower, upper] = [character.toLowerCase(), character.toUpperCase()]
    // Unicode folds two more characters to ASCII: the Kelvin sign and the long s.
    const more = lower === 'k' ? '\u212a' : lower === 's' ? '\u017f' : ''
    return { source: `[${lower}${upper}${more}]`, weight: 1 }
  }

  #escape(): Run | 'nothing' | 'anything' | undefined {
    const character = this.#pattern[this.#at++] ?? ''
    const known = CLASSES[character]
    if (known !== undefined) return this.#ignoresCase ? 'anything' : { source: known, weight: 0 }
    if (/[sSdDwW]/.test(character)) return 'anything'
    if (/[bBA]/.test(character)) return 'nothing'
    return /[!-/:-@[-`{-~]/.test(character) ? this.#literal(character) : undefined
  }

  /** Only a plain one: letters, digits and some signs. */
  #class(): Run | 'anything' | undefined {
    const [whole, not = '', content = ''] =
      /^\[(\^?)([A-Za-z0-9 _.,:;/%+-]+)\]/.exec(this.#pattern.slice(this.#at)) ?? []
    if (whole === undefined) return undefined
    this.#at += whole.length
    if (this.#ignoresCase || not !== '') return 'anything'
    return { source: whole, weight: sizeOf(content) <= FEW.characters ? FEW.weight : 0 }
  }

  /** What is in it may be one thing or another, so that nothing is certain of it. */
  #group(): 'anything' | undefined {
    if (this.#pattern.startsWith('(?', this.#at) && !this.#pattern.startsWith('(?:', this.#at)) return undefined
    let depth = 0
    for (; this.#at < this.#pattern.length; this.#at++) {
      const character = this.#pattern[this.#at]
      // A group within it may change the flags, but only up to its own end.
      if (character === '\\') {
        if (/[QxpP]/.test(this.#pattern[this.#at + 1] ?? '')) return undefined
        this.#at++
      } else if (character === '[') {
        if (this.#class() === undefined) return undefined
        this.#at--
      } else if (character === '(') depth++
      else if (character === ')' && --depth === 0) {
        this.#at++
        return 'anything'
      }
    }
    return undefined
  }

  #repetition(): 'once' | 'optional' | 'several' | undefined {
    const [whole = '', sign, least] = /^(?:([*+?])|\{(\d+)(?:,\d*)?\})\??/.exec(this.#pattern.slice(this.#at)) ?? []
    this.#at += whole.length
    if (whole === '') return 'once'
    return sign === '*' || sign === '?' || Number(least) === 0 ? 'optional' : 'several'
  }
}

/** How many characters a plain class has. */
function sizeOf(content: string): number {
  return content.replace(/(.)-(.)/g, (_, first: string, last: string) =>
    'x'.repeat(Math.max(1, last.charCodeAt(0) - first.charCodeAt(0) + 1)),
  ).length
}
