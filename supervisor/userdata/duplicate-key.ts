/** Whether an object of a JSON text has a key twice: readers differ in which of the two counts (RFC 8259, section 4); pure. */

/** The strings and the structure of JSON; what is between them does not matter here. */
const TOKENS = /"(?:[^"\\]|\\.)*"|[{}[\]:]/g

/** @param text valid JSON. @returns the first such key */
export function duplicateKey(text: string): string | undefined {
  /** Of each object that is open; undefined for a list. */
  const open: (Set<string> | undefined)[] = []
  let last = ''
  for (const [token] of text.matchAll(TOKENS)) {
    if (token === '{') open.push(new Set())
    else if (token === '[') open.push(undefined)
    else if (token === '}' || token === ']') open.pop()
    else if (token === ':') {
      const key = JSON.parse(last) as string
      const keys = open.at(-1)
      if (keys?.has(key)) return key
      keys?.add(key)
    } else last = token
  }
  return undefined
}
