/** Regular expressions of users in RE2 syntax: matched in linear time, so that none can hold up a program. */
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { errorMessage } from './errors.ts'

export interface LinearPattern {
  /** Whether the text has a match. */
  matches(text: string): boolean
  /** Instructions of the compiled expression: what one character may cost at most. */
  readonly size: number
}

/**
 * @param memoryBytes what it may remember of texts to be quick; 8 MB when left out, which an expression such as `a.{90}c` takes
 * @returns the expression, or what is wrong with it
 */
export function linearPattern(expression: string, memoryBytes?: number): LinearPattern | { problem: string } {
  try {
    const { RE2JS, RE2Set } = re2js()
    const pattern = RE2JS.compile(expression)
    const size = pattern.programSize()
    if (memoryBytes === undefined) return { matches: text => pattern.test(text), size }
    // The one with a bound.
    const set = new RE2Set(RE2Set.UNANCHORED, 0, memoryBytes)
    set.add(expression)
    return { matches: text => set.match(text).length > 0, size }
  } catch (err) {
    return { problem: errorMessage(err).replace(/^error parsing regexp: /, '') }
  }
}

/** Loaded by the first who needs it: it takes a megabyte. In a bundle there is `require`, in an ES module there is not. */
function re2js(): typeof import('re2js') {
  return typeof require === 'function' ? require('re2js') : createRequire(join(import.meta.dirname, 'x'))('re2js')
}
