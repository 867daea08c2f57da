/** Regular expressions of users: matched in linear time, so that none can hold up the bridge. */
import { errorMessage } from '../../runtime/errors.ts'

/** @returns whether the text has a match; or what is wrong with the expression, in RE2 syntax */
export async function linearPattern(expression: string): Promise<((text: string) => boolean) | { problem: string }> {
  // Loaded by the first who needs it: it takes a megabyte.
  const { RE2JS } = await import('re2js')
  try {
    const pattern = RE2JS.compile(expression)
    return text => pattern.matcher(text).find()
  } catch (err) {
    return { problem: errorMessage(err).replace(/^error parsing regexp: /, '') }
  }
}
