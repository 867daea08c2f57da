/** oobm(1), oobm.toml(5) and the completion of `oobm`, filled from the program's own states and the file's own schema. */
import * as z from 'zod'
import { COMMANDS } from '../device/commands/all-commands.ts'
import { PROFILES } from '../formats/device-config.ts'
import { provisioningSchema } from '../formats/provisioning.ts'
import { STATE_NAMES, STATES } from '../formats/states.ts'
import { snakeCase } from '../formats/toml-file.ts'
import { pageDate, roff, sentence } from './man-page.ts'

/**
 * @param template man/oobm.1
 * @returns mdoc(7)
 */
export function oobmPage(template: string, date: Date): string {
  const commands = [...COMMANDS.values()].flatMap(({ usage, summary }) => [
    `.It Ic ${roff(usage)}`,
    roff(sentence(summary)),
  ])
  const states = STATE_NAMES.flatMap(state => {
    const { looks, meaning, remedy } = STATES[state]
    return [`.It Em ${roff(state)} Pq ${roff(looks)}`, roff(sentence(meaning)), roff(`On site: ${remedy}.`)]
  })
  return template
    .replace('@DATE@', pageDate(date))
    .replace('@COMMANDS@', () => commands.join('\n'))
    .replace('@STATES@', () => states.join('\n'))
}

/**
 * @param template man/oobm.toml.5, where `@led.pin@` stands for what that key takes
 * @returns mdoc(7)
 * @throws Error for a key that only one of the two has
 */
export function tomlPage(template: string, date: Date): string {
  const facts = factsOf()
  const page = template.replace('@DATE@', pageDate(date)).replaceAll(/@([a-z_.]+)@/g, (_, key: string) => {
    const fact = facts.get(key)
    if (fact === undefined) throw new Error(`man/oobm.toml.5 explains "${key}", which oobm.toml does not have`)
    facts.delete(key)
    return roff(fact)
  })
  if (facts.size > 0) throw new Error(`man/oobm.toml.5 lacks ${[...facts.keys()].join(', ')}`)
  return page
}

/** What may follow each command: its options, and what its usage offers; `FILE` and `DIR` are files. */
export function oobmCompletion(template: string): string {
  const cases = [...COMMANDS].map(([command, { usage }]) => {
    const offers = usage
      .slice(command.length)
      .split(/[\s|[\]]+/)
      .map(part => (part.startsWith('FILE') ? 'FILE' : part))
      .filter(part => /^(--)?[a-z][a-z-]*$|^FILE$|^DIR$/.test(part))
    if (/\bSTATE\b/.test(usage)) offers.push(...STATE_NAMES)
    return `    ${command}) echo '${[...new Set(offers)].join(' ')}' ;;`
  })
  return template.replace('@COMMANDS@', () => [...COMMANDS.keys()].join(' ')).replace('@CASES@', () => cases.join('\n'))
}

interface Fact {
  type?: string
  const?: unknown
  enum?: unknown[]
  anyOf?: Fact[]
  minimum?: number
  maximum?: number
  default?: unknown
  items?: Fact
  properties?: Record<string, Fact>
  required?: string[]
}

/** Key by key, `led.pin` → what it takes. The same login stands at two places, and is explained at the first. */
function factsOf(): Map<string, string> {
  const schema = z.toJSONSchema(provisioningSchema, { io: 'input', unrepresentable: 'any' }) as Fact
  const facts = new Map<string, string>()
  const visit = ({ properties = {}, required = [] }: Fact, prefix: string) => {
    for (const [key, fact] of Object.entries(properties)) {
      const path = `${prefix}${snakeCase(key)}`
      const table = fact.properties ? fact : fact.items?.properties ? fact.items : undefined
      if (path === 'interfaces.eap') continue
      if (table !== undefined) visit(table, `${path}.`)
      else facts.set(path, [takes(fact), ...whenLeftOut(path, fact, required.includes(key))].join('; '))
    }
  }
  visit(schema, '')
  return facts
}

function takes({ type, const: only, enum: choices, anyOf, minimum, maximum }: Fact): string {
  if (only !== undefined) return JSON.stringify(only)
  const values = choices ?? anyOf?.flatMap(one => (one.const === undefined ? [] : [one.const])) ?? []
  if (values.length > 0) return values.map(value => JSON.stringify(value)).join(' or ')
  if (type === 'boolean') return 'true or false'
  if (type === 'array') return 'a list'
  if (type === 'integer' || type === 'number') return `${minimum} to ${maximum}`
  return 'a text'
}

function whenLeftOut(path: string, { default: value }: Fact, isRequired: boolean): string[] {
  if (isRequired) return ['required']
  const ofProfiles = Object.entries(PROFILES).flatMap(([profile, intervals]) =>
    Object.entries(intervals).flatMap(([key, seconds]) =>
      path === `intervals.${snakeCase(key)}` ? `${seconds} with the profile ${profile}` : [],
    ),
  )
  if (ofProfiles.length > 0) return [`default ${ofProfiles.join(', ')}`]
  return value === undefined || (Array.isArray(value) && value.length === 0) ? [] : [`default ${JSON.stringify(value)}`]
}
