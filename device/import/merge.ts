/** What a provisioning file changes in what a device has already: pure, on TOML values with keys in camelCase. */
import type * as z from 'zod'
import { ANY_MODEM } from '../../formats/cellular-settings.ts'
import { camelCase, snakeCase } from '../../formats/key-case.ts'
import { RELAY_PORT } from '../../formats/names.ts'
import { provisioningSchema, REQUIRED_KEYS } from '../../formats/provisioning.ts'
import { siteShape } from '../../formats/site-config.ts'
import type { Path, Problem } from '../../formats/toml-file.ts'

export type Table = Record<string, unknown>

/** The settings by which an entry of a list is found; undefined for a list that is one value. */
export function identityOf(list: string): readonly string[] | undefined {
  const tables: Record<string, z.ZodType> = { ...provisioningSchema.shape }
  return Object.hasOwn(tables, list) ? tables[list]?.meta()?.identity : undefined
}

/** Of an entry of a list: settings that exclude each other, in groups. A newer one takes the place of those of other groups. */
const EXCLUSIVE: Readonly<Record<string, readonly (readonly string[])[]>> = {
  consoles: [['path'], ['usb']],
  wifi: [['passphrase', 'nextPassphrase'], ['eap']],
  interfaces: [
    ['addresses', 'gateways', 'dhcp', 'fallback'],
    ['address', 'gateway', 'dhcpServer', 'dhcpRange'],
  ],
}
/** Of an entry of a list: a setting that says what it is for; what was set for another purpose goes with that. */
const PURPOSE: Readonly<Record<string, { key: string; settings: readonly string[] }>> = {
  interfaces: {
    key: 'role',
    settings: ['address', 'gateway', 'addresses', 'gateways', 'dhcp', 'fallback', 'dns', 'search'],
  },
}
/** Of an entry of a list: what a change takes away unless it sets it. */
const OF_THE_LAST_CHANGE: Readonly<Record<string, readonly string[]>> = { wifi: ['source'] }

/** What these are where an entry does not say. */
const DEFAULT_PARTS: Readonly<Record<string, unknown>> = { port: RELAY_PORT, interface: ANY_MODEM }

function isSameEntry(identity: readonly string[], a: Table, b: Table): boolean {
  const partOf = (entry: Table, key: string) => entry[key] ?? DEFAULT_PARTS[key]
  return identity.every(key => partOf(a, key) === partOf(b, key))
}

export interface Merged {
  value: Table
  /** True when the file is whole: it then replaces everything but the settings of the site. */
  complete: boolean
  /** Where a path of `value` is in the file; undefined when it is not from the file. */
  locate(path: Path): Path | undefined
  /** Changes that the file asks for, and that make no sense. */
  problems: Problem[]
}

/**
 * A complete file is one that the operator issued for this device. It replaces relays, consoles, technicians and keys, so that
 * a technician who is not in it is gone. The settings of the site, which the operator may not know, stay where the file does
 * not name them. A file that is not complete changes what it names.
 * @param before undefined on a device that has nothing yet
 */
export function mergeProvisioning(before: Table | undefined, file: Table): Merged {
  const complete = REQUIRED_KEYS.every(key => key in file)
  const kept = complete ? keptBeside(before ?? {}) : (before ?? {})
  const origins: Record<string, (number | undefined)[]> = {}
  const problems: Problem[] = []
  const value: Table = { ...kept }
  for (const [key, given] of Object.entries(file)) {
    if (identityOf(key) !== undefined && isListOfTables(given)) {
      value[key] = mergeList(key, isListOfTables(kept[key]) ? kept[key] : [], given, origins, problems)
    } else if (isTable(given)) {
      const table = mergeTable(isTable(kept[key]) ? kept[key] : {}, given, [key], problems)
      if (table === undefined) delete value[key]
      else value[key] = table
    } else value[key] = given
  }
  keepSerial(before, value)
  const locate = ([key, index, ...rest]: Path): Path | undefined => {
    const list = camelCase(String(key))
    if (key === undefined || !(list in file)) return undefined
    const origin = origins[list]
    if (origin === undefined || typeof index !== 'number')
      return [key, ...(index === undefined ? [] : [index]), ...rest]
    const at = origin[index]
    return at === undefined ? undefined : [key, at, ...rest]
  }
  return { value, complete, locate, problems }
}

/** What a complete file leaves as it is: the settings of the site, who may sign, and the host key by which technicians know this board. */
function keptBeside(before: Table): Table {
  const kept = Object.fromEntries(Object.entries(before).filter(([key]) => key in siteShape || key === 'settings'))
  const { shellHostKey } = isTable(before.secrets) ? before.secrets : {}
  return shellHostKey === undefined ? kept : { ...kept, secrets: { shellHostKey } }
}

/** It never goes down: documents that somebody kept would be good again. */
function keepSerial(before: Table | undefined, value: Table): void {
  const serialOf = (table: unknown) => (isTable(table) && typeof table.serial === 'number' ? table.serial : 0)
  const least = serialOf(before?.settings)
  if (least > serialOf(value.settings))
    value.settings = { ...(isTable(value.settings) && value.settings), serial: least }
}

function mergeList(
  list: string,
  before: Table[],
  given: Table[],
  origins: Record<string, (number | undefined)[]>,
  problems: Problem[],
): Table[] {
  const identity = identityOf(list) ?? []
  const entries = before.map((entry): { entry: Table; at: number | undefined } => ({ entry, at: undefined }))
  for (const [at, change] of given.entries()) {
    const found = entries.findIndex(({ entry }) => isSameEntry(identity, entry, change))
    if (found >= 0 && entries[found]?.at !== undefined) {
      problems.push({ path: [list, at], message: 'is listed twice' })
      continue
    }
    const older = withoutReplaced(list, entries[found]?.entry ?? {}, change)
    const merged = mergeTable(older, change, [list, at], problems, identity)
    if (merged === undefined) {
      if (found >= 0) entries.splice(found, 1)
    } else if (found >= 0) entries[found] = { entry: merged, at }
    else entries.push({ entry: merged, at })
  }
  origins[list] = entries.map(({ at }) => at)
  return entries.map(({ entry }) => entry)
}

function withoutReplaced(list: string, before: Table, change: Table): Table {
  const groups = EXCLUSIVE[list] ?? []
  const named = groups.filter(group => group.some(key => key in change))
  const others = named.length === 0 ? [] : groups.filter(group => !named.includes(group)).flat()
  const { key = '', settings = [] } = PURPOSE[list] ?? {}
  const isForAnother = key in change && change[key] !== before[key]
  const replaced = [...others, ...(isForAnother ? settings : []), ...(OF_THE_LAST_CHANGE[list] ?? [])]
  return Object.fromEntries(Object.entries(before).filter(([key]) => !replaced.includes(key)))
}

/** @returns undefined when `remove = true` takes it away */
function mergeTable(
  before: Table,
  change: Table,
  path: Path,
  problems: Problem[],
  beside: readonly string[] = [],
): Table | undefined {
  if ('remove' in change) {
    const others = Object.keys(change).filter(key => key !== 'remove' && !beside.includes(key))
    if (change.remove !== true) problems.push({ path: [...path, 'remove'], message: 'can only be true' })
    for (const key of others)
      problems.push({ path: [...path, snakeCase(key)], message: 'does not go together with remove = true' })
    return undefined
  }
  const merged: Table = { ...before }
  for (const [key, given] of Object.entries(change)) {
    if (!isTable(given)) merged[key] = given
    else {
      const inner = mergeTable(isTable(before[key]) ? before[key] : {}, given, [...path, snakeCase(key)], problems)
      if (inner === undefined) delete merged[key]
      else merged[key] = inner
    }
  }
  return merged
}

export function isTable(value: unknown): value is Table {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date)
}

function isListOfTables(value: unknown): value is Table[] {
  return Array.isArray(value) && value.every(isTable)
}
