/** The alerts of a console as people write them: ready-made sets, and rules of their own. What is wrong with them is said here. */
import * as z from 'zod'
import { ALERT_SET_NAMES, ALERT_SETS, type AlertSetName } from './alert-sets/alert-sets.ts'
import { expressionProblem } from './expression.ts'
import { nameSchema } from './names.ts'

/** Own rules of one console: each is looked for in each line that may have it. */
const RULES_MAX = 32
const PATTERN_CHARACTERS = 200
/**
 * Instructions of a compiled expression. One character costs at most as many steps, and a counted repetition such as `{100}`
 * is compiled that many times.
 */
const PATTERN_SIZE = 128

const patternSchema = z
  .string()
  .min(1, 'is empty')
  .max(PATTERN_CHARACTERS)
  .superRefine((text, context) => {
    const message = text === '' || text.length > PATTERN_CHARACTERS ? undefined : expressionProblem(text, PATTERN_SIZE)
    if (message !== undefined) context.addIssue({ code: 'custom', message })
  })

const ruleSchema = z.strictObject({
  name: nameSchema.meta({
    description: 'what the alert is called in the history',
    details: 'The name of a rule of one of its sets, without a pattern, changes that rule.',
    example: 'bgp-down',
  }),
  pattern: patternSchema.optional().meta({
    description: 'regular expression (RE2 syntax) that is searched for in each line',
    whenLeftOut: 'required for a rule of your own',
    value: 'REGEX',
    example: '%BGP-5-ADJCHANGE: .* Down',
  }),
  alertText: z.boolean().default(false).meta({
    description: 'whether the line itself is told to the relay, too',
    details: 'Without it, the relay never sees what the target says (docs/ways-in.md).',
  }),
  enabled: z.boolean().default(true).meta({ description: 'whether it counts at all' }),
})

export const alertsSchema = z
  .array(z.enum(ALERT_SET_NAMES, `must be ${ALERT_SET_NAMES.map(name => `"${name}"`).join(', ')}`))
  .max(ALERT_SET_NAMES.length)
  .default([])
  .meta({
    description: 'ready-made alerts: what the relay is told when the target says so',
    details: '`ios` is for Cisco, `junos` for Juniper, `linux` for servers; docs/alerts.md lists them.',
    example: ['ios'],
    option: false,
  })

export const alertRulesSchema = z
  .array(ruleSchema)
  .max(RULES_MAX)
  .default([])
  .meta({ description: 'an alert of your own, or a change of a ready-made one', option: false })

/** The two settings of a console. */
export interface AlertSettings {
  alerts: readonly AlertSetName[]
  alertRules: readonly z.input<typeof ruleSchema>[]
}

/** A rule that is in force. */
export interface AlertRule {
  name: string
  pattern: string
  alertText: boolean
  /** The set that it is of: only its first rule that matches a line counts. */
  set?: AlertSetName
}

/** The rules in force, in the order in which they are looked for. */
export function alertRulesOf({ alerts, alertRules }: AlertSettings): AlertRule[] {
  const changes = new Map(alertRules.map(rule => [rule.name, rule]))
  const ofSets = [...new Set(alerts)].flatMap(set =>
    ALERT_SETS[set].map(({ name, pattern }) => ({ name, pattern, set })),
  )
  const own = alertRules.flatMap(({ name, pattern }) => (pattern === undefined ? [] : [{ name, pattern }]))
  return [...ofSets, ...own]
    .filter(({ name }) => changes.get(name)?.enabled !== false)
    .map(rule => ({ ...rule, alertText: changes.get(rule.name)?.alertText ?? false }))
}

/** What holds between the rules of a console. */
export function* alertProblems({
  alerts = [],
  alertRules = [],
}: Partial<AlertSettings>): Generator<{ path: PropertyKey[]; message: string }> {
  const chosen = new Map(alerts.flatMap(set => ALERT_SETS[set].map(({ name }) => [name, set] as const)))
  const seen = new Set<string>()
  for (const [at, { name, pattern }] of alertRules.entries()) {
    const path = ['alertRules', at]
    if (seen.has(name)) yield { path: [...path, 'name'], message: `"${name}" is listed twice` }
    seen.add(name)
    if (pattern === undefined && !chosen.has(name)) yield { path, message: missingPattern(name) }
    if (pattern !== undefined && setOf(name) !== undefined) {
      const message = `"${name}" is a rule of the set "${setOf(name)}": choose another name, or leave out pattern to change that rule`
      yield { path: [...path, 'name'], message }
    }
  }
}

function missingPattern(name: string): string {
  const set = setOf(name)
  if (set !== undefined)
    return `changes a rule of the set "${set}", which this console does not have: alerts = ["${set}"]`
  return `"${name}" has no pattern, and no set of this console has a rule of that name`
}

function setOf(rule: string): AlertSetName | undefined {
  return ALERT_SET_NAMES.find(set => ALERT_SETS[set].some(({ name }) => name === rule))
}
