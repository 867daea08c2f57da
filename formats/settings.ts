/** The settings of a file as its schema describes them: what man pages, examples, options and editors take them from; pure. */
import * as z from 'zod'
import { snakeCase } from './key-case.ts'
import { orList } from './zod-messages.ts'

/** What `.meta()` says about a setting or a table; its type, bounds and default are the schema's own. */
export interface SettingFacts {
  /** A phrase that begins in lower case and has no full stop. What one types is in backticks. */
  description?: string | undefined
  /** More, in whole sentences. */
  details?: string | undefined
  /** Of a number. */
  unit?: 's' | 'ms' | 'bit/s' | 'bytes' | 'MiB' | 'percent' | 'days'
  /** What counts when it is left out, where that is no fixed value: a phrase. */
  whenLeftOut?: string
  /** A value for an example, where there is no default to show. */
  example?: unknown
  /** The option of `oobm-relay add`: another name than the key's, or none. */
  option?: string | false
  /** What help calls the value of that option: `PATH`. */
  value?: string
  /** Of a list of tables: the settings by which an entry is found. Any other list is one value. */
  identity?: readonly string[]
  /** The table whose settings this one has, too: they are explained there. */
  sameAs?: string | undefined
  /** The device writes it for itself: no file that a person writes has it. */
  isInternal?: boolean
  /** Nobody but the device may read it. A private key never leaves the machine that it was made on but in `oobm.toml`. */
  secret?: 'text' | 'private-key'
  /** Of a secret: what stands in for it where only the rest can be checked. */
  standIn?: string
}

declare module 'zod' {
  interface GlobalMeta extends SettingFacts {}
}

/** The facts that are ours: JSON Schema knows none of them but `description`. */
export const FACTS = [
  'description',
  'details',
  'unit',
  'whenLeftOut',
  'example',
  'option',
  'value',
  'identity',
  'sameAs',
  'secret',
  'standIn',
  'isInternal',
] as const

/** A node of JSON Schema, as far as zod writes it, and the facts of `.meta()` in it. */
export interface Node extends SettingFacts {
  type?: string
  const?: unknown
  enum?: unknown[]
  anyOf?: Node[]
  minimum?: number
  maximum?: number
  default?: unknown
  items?: Node
  properties?: Record<string, Node>
  required?: string[]
}

export interface Setting extends Node {
  /** In code: `baudRate`. */
  key: string
  /** In the file: `baud_rate`. */
  name: string
  isRequired: boolean
}

export interface SettingsTable extends Pick<SettingFacts, 'description' | 'details' | 'sameAs'> {
  /** As a header names it: `devices.consoles`; empty for the settings above the first header. */
  path: string
  /** Whether it is an entry of a list: `[[devices.consoles]]`. */
  isList: boolean
  settings: Setting[]
}

/** What is checked by a schema that {@link asWritten} made. */
const WRITTEN = z.registry<{ node: () => Node }>()

/** Checks a value and keeps it as it was written, without the defaults: whoever reads it next fills in their own. */
export function asWritten<T extends z.ZodType>(schema: T) {
  return z
    .unknown()
    .transform((value, context): z.input<T> => {
      context.issues.push(...((schema.safeParse(value).error?.issues ?? []) as z.core.$ZodRawIssue[]))
      return value as z.input<T>
    })
    .register(WRITTEN, { node: () => schemaNode(schema) })
}

/** The schema as JSON Schema (draft 7, which editors know), keys in camelCase, facts still in it. */
export function schemaNode(schema: z.core.$ZodType): Node {
  return z.toJSONSchema(schema, {
    io: 'input',
    target: 'draft-7',
    unrepresentable: 'any',
    override: ({ zodSchema, jsonSchema }) => {
      const written = WRITTEN.get(zodSchema)
      if (written) Object.assign(jsonSchema, written.node(), { $schema: undefined })
    },
  }) as Node
}

/** Every table of a file with its settings, each table before those within it. */
export function tablesOf(schema: z.core.$ZodType): SettingsTable[] {
  return [...tablesIn(schemaNode(schema), { path: '', isList: false })]
}

function* tablesIn(node: Node, table: Omit<SettingsTable, 'settings'>): Generator<SettingsTable> {
  const children = Object.entries(node.properties ?? {}).map(([key, child]) => ({ key, child, inner: tableIn(child) }))
  const settings = children.flatMap(({ key, child, inner }) =>
    inner || child.isInternal
      ? []
      : [{ ...child, key, name: snakeCase(key), isRequired: node.required?.includes(key) ?? false }],
  )
  yield { ...table, settings }
  for (const { key, child, inner } of children) {
    if (inner === undefined) continue
    const { description, details, sameAs, items } = child
    const path = [table.path, snakeCase(key)].filter(step => step !== '').join('.')
    yield* tablesIn(inner, { path, isList: items !== undefined, description, ...{ details, sameAs } })
  }
}

function tableIn({ properties, items, ...node }: Node): Node | undefined {
  if (items?.properties) return items
  return properties && { ...node, properties }
}

/** The values that a setting is one of, in the order of its schema; none when it may be anything of its type. */
export function choicesOf({ enum: choices, anyOf = [] }: Node): unknown[] {
  return choices ?? anyOf.flatMap(one => (one.const === undefined ? [] : [one.const]))
}

/** What a setting takes, and what counts when it is left out: `50 to 4000000 bit/s; default 9600`. */
export function describeValue(node: Node, isRequired: boolean): string {
  const leftOut = isRequired ? 'required' : whenLeftOut(node)
  const unit = node.unit === undefined ? '' : ` ${node.unit}`
  return [`${takes(node)}${unit}`, ...(leftOut === undefined ? [] : [leftOut])].join('; ')
}

/** `default 9600`; undefined when nothing is to be said about it. */
export function whenLeftOut({ whenLeftOut, default: value }: Node): string | undefined {
  if (whenLeftOut !== undefined || value === undefined) return whenLeftOut
  return Array.isArray(value) && value.length === 0 ? 'default none' : `default ${JSON.stringify(value)}`
}

/** `1 to 65535`, `"a" or "b"`. */
export function takes(node: Node): string {
  const { type, const: only, minimum, maximum, anyOf = [] } = node
  if (only !== undefined) return JSON.stringify(only)
  const choices = choicesOf(node).map(value => JSON.stringify(value))
  if (anyOf.some(one => one.type === 'array')) choices.push('a list')
  if (choices.length > 0) return orList(choices)
  if (type === 'boolean') return 'true or false'
  if (type === 'array') return 'a list'
  if (type === 'integer' || type === 'number') return `${minimum} to ${maximum}`
  return 'text'
}
