/** Characters that nobody sees, or takes for others: where they are, and what they are called; pure. */

/** Without tab and line ends, which are layout. */
const INVISIBLE = /(?![\t\n\r])[\p{Cc}\p{Cf}\p{Co}\p{Zl}\p{Zp}]|(?! )\p{Zs}/u

const NAMES: Readonly<Record<number, string>> = {
  0: 'null',
  8: 'backspace',
  9: 'tab',
  10: 'line break',
  12: 'form feed',
  13: 'carriage return',
  27: 'escape',
  127: 'delete',
  160: 'no-break space',
  173: 'soft hyphen',
  8203: 'zero-width space',
  8204: 'zero-width non-joiner',
  8205: 'zero-width joiner',
  8239: 'narrow no-break space',
  8288: 'word joiner',
  12288: 'ideographic space',
  65279: 'byte order mark',
}

/** Letters of other scripts in the shape of a Latin one (Unicode UTS 39, confusables), each before that one. */
const PAIRS = [
  'АA ВB ЕE ЅS ІI ЈJ КK МM НH ОO РP СC ТT ХX аa еe ѕs іi јj оo рp сc уy хx һh ԁd ԛq ԝw ѵv', // Cyrillic
  'ΑA ΒB ΕE ΖZ ΗH ΙI ΚK ΜM ΝN ΟO ΡP ΤT ΥY ΧX αa νv οo ρp υu', // Greek
].join(' ')
const LOOK_ALIKES = new Map(PAIRS.split(' ').map(([letter = '', latin = '']) => [letter, latin]))
const LOOK_ALIKE = new RegExp(`[${[...LOOK_ALIKES.keys()].join('')}\uFF21-\uFF3A\uFF41-\uFF5A]`, 'u')

export interface OddCharacter {
  /** Of its first code unit. */
  index: number
  /** Its place as people count, from 1. */
  position: number
  /** `U+00A0 (no-break space)`. */
  name: string
  /** As TOML writes it where it is meant. */
  escaped: string
}

/**
 * Every invisible character, and every letter that looks like a Latin one within a word that has Latin letters: a word
 * of one script is what somebody writes.
 */
export function oddCharacters(text: string): OddCharacter[] {
  const invisible = [...text.matchAll(new RegExp(INVISIBLE, 'gu'))].map(match => match.index)
  const alike = [...text.matchAll(/[\p{L}\p{M}]+/gu)].flatMap(word =>
    /[a-z]/i.test(word[0])
      ? [...word[0].matchAll(new RegExp(LOOK_ALIKE, 'gu'))].map(match => word.index + match.index)
      : [],
  )
  return [...invisible, ...alike].sort((a, b) => a - b).map(index => characterAt(text, index))
}

/** The first that `allowed` does not match. */
export function firstOther(text: string, allowed: RegExp): OddCharacter | undefined {
  const at = [...text].findIndex(char => !allowed.test(char))
  return at < 0 ? undefined : characterAt(text, [...text].slice(0, at).join('').length)
}

/** For a message: ` (character 3 is U+00A0 (no-break space))`, or nothing where all is plain ASCII. */
export function oddHint(text: string): string {
  const odd = firstOther(text, /[ -~]/)
  return odd === undefined ? '' : ` (character ${odd.position} is ${odd.name})`
}

/** Writes what {@link oddCharacters} could find as escapes, in a text in which it stands within TOML's "strings" alone. */
export function escapeOdd(toml: string): string {
  return toml.replace(new RegExp(`${INVISIBLE.source}|${LOOK_ALIKE.source}`, 'gu'), escapeOf)
}

function characterAt(text: string, index: number): OddCharacter {
  const char = String.fromCodePoint(text.codePointAt(index) ?? 0)
  return { index, position: [...text.slice(0, index)].length + 1, name: describe(char), escaped: escapeOf(char) }
}

function escapeOf(char: string): string {
  const hex = (char.codePointAt(0) ?? 0).toString(16).toUpperCase()
  return hex.length <= 4 ? `\\u${hex.padStart(4, '0')}` : `\\U${hex.padStart(8, '0')}`
}

function describe(char: string): string {
  const code = char.codePointAt(0) ?? 0
  const name = NAMES[code] ?? kindOf(char)
  const number = `U+${code.toString(16).toUpperCase().padStart(4, '0')}`
  return name === undefined ? number : `${number} (${name})`
}

function kindOf(char: string): string | undefined {
  const latin = LOOK_ALIKES.get(char)
  const script = /\p{Script=Cyrillic}/u.test(char) ? 'Cyrillic' : 'Greek'
  if (latin !== undefined) return `${script}, looks like ${latin}`
  if (/[\uFF01-\uFF5E]/.test(char)) return `full width, looks like ${char.normalize('NFKC')}`
  if (/\p{Cc}/u.test(char)) return 'control character'
  if (/\p{Zs}/u.test(char)) return 'a space, but not the plain one'
  return /[\p{Cf}\p{Zl}\p{Zp}]/u.test(char) ? 'invisible' : undefined
}
