/** How wide text is on a terminal, and text made as wide as a column; pure. */
import { eastAsianWidth } from 'get-east-asian-width'

/** Marks that stand on the letter before them, and what has no width at all. */
const ZERO_WIDTH = /^(?:\p{M}|[\u200b-\u200d])$/u

/** Columns of a text without escape sequences: two for a wide character, such as a Japanese one. */
export function textWidth(text: string): number {
  // Most texts are ASCII.
  if (/^[ -~]*$/.test(text)) return text.length
  let width = 0
  for (const character of text) width += characterWidth(character)
  return width
}

/** The text in exactly so many columns: filled with blanks, or cut, and then `…` says so. */
export function fitWidth(text: string, columns: number): string {
  const width = textWidth(text)
  if (width <= columns) return text + ' '.repeat(columns - width)
  if (columns < 1) return ''
  let kept = ''
  let used = 0
  for (const character of text) {
    const more = characterWidth(character)
    if (used + more > columns - 1) break
    kept += character
    used += more
  }
  return `${kept}…${' '.repeat(columns - 1 - used)}`
}

function characterWidth(character: string): number {
  return ZERO_WIDTH.test(character) ? 0 : eastAsianWidth(character.codePointAt(0) ?? 0)
}
