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

/** Bytes that one expression may remember of what it has seen: enough for those that people write. */
const PATTERN_BYTES = 65_536

/** An expression, compiled, and what a match of it must have. */
interface Compiled {
  looks: string[] | undefined
  matches(text: string): boolean
}

/** Compiles the rules of consoles, each expression once: most consoles of a device have the same ones. */
export class RuleCompiler {
  readonly #compiled = new Map<string, Compiled>()

  compile(rules: readonly AlertRule[]): LineRules {
    return lineRules(rules.map(rule => ({ ...rule, ...this.#compile(rule.pattern) })))
  }

  #compile(pattern: string): Compiled {
    const known = this.#compiled.get(pattern)
    if (known) return known
    const compiled = compilePattern(pattern)
    this.#compiled.set(pattern, compiled)
    return compiled
  }
}

function compilePattern(pattern: string): Compiled {
  const linear = linearPattern(pattern, PATTERN_BYTES)
  // The configuration was checked: this cannot happen.
  if ('problem' in linear) return { looks: [], matches: () => false }
  const looks = quickLook(pattern)
  if (looks === undefined) return { looks, matches: linear.matches }
  const look = new RegExp(looks.join('|'))
  return { looks, matches: text => look.test(text) && linear.matches(text) }
}

function lineRules(compiled: readonly (LineRule & Compiled)[]): LineRules {
  const found = compiled.map(({ looks }) => looks)
  if (found.includes(undefined)) return { rules: compiled, places: undefined, mayMatch: () => true }
  const all = [...new Set(found.flatMap((looks = []) => looks))]
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
