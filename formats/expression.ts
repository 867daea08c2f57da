/** A regular expression that people write into a configuration: in RE2 syntax, and cheap for any text. */
import { linearPattern } from '../runtime/linear-pattern.ts'
import { firstOther } from '../runtime/odd-characters.ts'

/** @param size instructions of the compiled expression: one character costs at most as many steps. @returns a phrase */
export function expressionProblem(text: string, size: number): string | undefined {
  const odd = firstOther(text, /[^\p{C}\p{Zl}\p{Zp}]/u)
  if (odd) return `has ${odd.name}, as character ${odd.position}: write it as an escape, such as \\x1b`
  const pattern = linearPattern(text)
  if ('problem' in pattern) return `is not a regular expression in RE2 syntax: ${pattern.problem}`
  if (pattern.size > size) {
    return `is too large: ${pattern.size} steps for a character, ${size} at most; a repetition such as {100} counts as often`
  }
  if (pattern.matches('')) return 'matches an empty line, and so every line: name what the line must have'
  return undefined
}
