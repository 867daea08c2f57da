/** The messages of zod where a schema has none of its own, for the person who wrote the file. */
import * as z from 'zod'

// At import, and for all of zod: a check within a check, or a schema without a message, needs messages for people, too.
z.config({ customError: messageOf })

/** A part of a sentence that follows the name of the setting, like the messages of our schemas. */
function messageOf(issue: z.core.$ZodRawIssue): string | undefined {
  switch (issue.code) {
    case 'invalid_type':
      if (issue.input === undefined) return `is missing (${issue.expected})`
      return `must be ${KINDS[issue.expected] ?? issue.expected}, not ${kindOf(issue.input)}`
    case 'invalid_value':
      return `must be ${orList(issue.values.map(value => JSON.stringify(value)))}`
    case 'too_small':
      return `must ${bound(issue.origin, 'at least', Number(issue.minimum))}`
    case 'too_big':
      return `must ${bound(issue.origin, 'at most', Number(issue.maximum))}`
    case 'not_multiple_of':
      return `must be a multiple of ${issue.divisor}`
    case 'unrecognized_keys':
      return `has settings that do not belong here: ${issue.keys.join(', ')}`
    case 'invalid_union':
      return 'has none of the allowed forms'
    case 'invalid_format':
      return 'does not have the required form'
    default:
      return undefined
  }
}

const KINDS: Record<string, string> = {
  string: 'text in quotes',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a table',
  record: 'a table',
  date: 'a date',
}

function kindOf(value: unknown): string {
  if (Array.isArray(value)) return 'a list'
  if (value instanceof Date) return 'a date'
  switch (typeof value) {
    case 'string':
      return 'text'
    case 'boolean':
      return 'true or false'
    case 'object':
      return value === null ? 'nothing' : 'a table'
    default:
      return `a ${typeof value}`
  }
}

function bound(origin: string, limit: string, count: number): string {
  const units: Record<string, string> = { string: 'character', array: 'entry', set: 'entry' }
  const unit = units[origin]
  if (unit === undefined) return `be ${limit} ${count}`
  const plural = unit === 'entry' ? 'entries' : `${unit}s`
  return `have ${limit} ${count} ${count === 1 ? unit : plural}`
}

/** `a, b or c`. */
export function orList(texts: readonly string[]): string {
  const last = texts.at(-1) ?? ''
  return texts.length < 2 ? last : `${texts.slice(0, -1).join(', ')} or ${last}`
}
