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
