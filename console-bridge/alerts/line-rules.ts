/** The rules of one console, compiled. No effects. */
import type { AlertRule } from '../../formats/alert-rules.ts'
import { linearPattern } from '../../runtime/linear-pattern.ts'
import { quickLook } from './quick-look.ts'

export interface LineRule extends AlertRule {
  matches(text: string): boolean
}

/** What is not plain ASCII text: escape sequences, other control characters, characters of more than one byte. */
export const NOT_PLAIN = '[^\\t\\r\\n -~]'

export interface LineRules {
  readonly rules: readonly LineRule[]
  /**
   * With the flag `g`: finds each place of a long text (one character a byte) at which a line may have a match, or must be made
   * plain first. Undefined where each line must be tried.
   */
  readonly places: RegExp | undefined
  /** Whether a plain line may have a match. */
  mayMatch(text: string): boolean
}

export function compileRules(rules: readonly AlertRule[]): LineRules {
  const compiled = rules.flatMap(rule => {
    const pattern = linearPattern(rule.pattern)
    // The configuration was checked: this cannot happen.
    return 'problem' in pattern ? [] : [{ ...rule, matches: pattern.matches }]
  })
  const found = compiled.map(({ pattern }) => quickLook(pattern))
  if (found.includes(undefined)) return { rules: compiled, places: undefined, mayMatch: () => true }
  const all = [...new Set(found.flatMap(looks => looks ?? []))]
  // Where the longer one of two plain texts is, the shorter one is, too.
  const isNeeded = (look: string) => look.includes('[') || !all.some(other => other !== look && look.includes(other))
  const looks = all.filter(isNeeded).join('|')
  const look = new RegExp(looks)
  return {
    rules: compiled,
    places: new RegExp(`${NOT_PLAIN}|${looks}`, 'g'),
    mayMatch: text => look.test(text),
  }
}
