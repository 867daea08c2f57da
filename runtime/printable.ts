/** Text that came from a device, a client or a relay, made harmless for a terminal. */

/**
 * The text on one line without what a terminal would obey: control characters (C0, DEL and C1, ECMA-48), and Unicode's
 * format characters and line separators, which turn the direction of what follows or hide it. Each becomes `?`.
 * @param max characters that are kept; more is cut, and `…` says so
 */
export function printable(text: string, max = 200): string {
  const clean = text.replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}]/gu, '?')
  const characters = [...clean]
  return characters.length <= max ? clean : `${characters.slice(0, max - 1).join('')}…`
}

/**
 * JSON in which everything but printable ASCII is escaped: the value is the same, and no terminal obeys it.
 * @param indent spaces for each level; on one line when left out
 */
export function asciiJson(value: unknown, indent?: number): string {
  const lines = JSON.stringify(value, null, indent)
  return lines.replace(/[^ -~\n]/g, char => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`)
}
