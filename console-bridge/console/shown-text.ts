/** Text of one person that others may see on their terminals: one line, nothing that a terminal obeys. */

/** Characters of a message or a note. */
export const TEXT_CHARACTERS = 200

/**
 * Drops control characters, escapes, and what changes the direction or hides text (Unicode categories C, Zl and Zp).
 * @returns a single line without spaces at its ends, cut at {@link TEXT_CHARACTERS}
 */
export function shownText(text: string): string {
  const plain = text.replace(/[\t\n\r]+/g, ' ').replace(/[\p{C}\p{Zl}\p{Zp}]/gu, '')
  return [...plain.trim()].slice(0, TEXT_CHARACTERS).join('').trim()
}
