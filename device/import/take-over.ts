/** Files from a card or a command line → one provisioning text, checked as a whole, or everything that is wrong with them. */
import { snakeCase } from '../../formats/key-case.ts'
import {
  type Provisioning,
  partsOf,
  provisioningSchema,
  REQUIRED_KEYS,
  SECRETS_DIRECTORY,
  stringifyProvisioning,
} from '../../formats/provisioning.ts'
import { checkValue, describePath, locate, type Path, type Problem, readToml } from '../../formats/toml-file.ts'
import { decodeText } from '../../runtime/decode-text.ts'
import { ConfigurationError, type ConfigurationIssue } from '../../runtime/errors.ts'
import { keepCommands } from './keep-commands.ts'
import { identityOf, isTable, type Merged, mergeProvisioning, type Table } from './merge.ts'
import { completeNewBoard } from './new-board.ts'
import { CONFIG_PATH, keyProblems } from './plan-import.ts'
import type { Proved } from './stored.ts'

export interface BroughtFile {
  name: string
  bytes: Uint8Array
}

export interface Whole {
  provisioning: Provisioning
  /** The same as one text: all settings of the device. */
  text: string
}

export interface TakenOver extends Whole {
  /** False when it only changed what was there. */
  complete: boolean
}

interface ReadFile extends Pick<Merged, 'complete' | 'locate'> {
  name: string
  text: string
}

/**
 * @param before what the device has; undefined when it has nothing
 * @param files in the order in which they are merged in: a later one wins
 * @param floor the number of the newest settings document; where it is lost, a file must say it
 * @param serial of the board
 * @throws ConfigurationError with everything that is wrong
 */
export function takeOver(
  before: Table | undefined,
  files: readonly BroughtFile[],
  floor: Proved['floor'] = 0,
  serial?: string,
): TakenOver {
  let value = before
  const read: ReadFile[] = []
  for (const { name, bytes } of files) {
    const text = decodeText(name, bytes)
    const given = completeNewBoard(value, readToml(name, text), serial)
    if ('problem' in given)
      throw new ConfigurationError(name, [locate(text, { path: ['enrolment'], message: given.problem })])
    const merged = mergeProvisioning(value, given.file)
    const file = { name, text, complete: merged.complete, locate: merged.locate }
    if (merged.problems.length > 0)
      throw new ConfigurationError(
        name,
        merged.problems.map(problem => locate(text, problem)),
      )
    value = merged.value
    read.push(file)
  }
  if (before === undefined) mustBeWhole(read, value ?? {})
  value = withFloor(value ?? {}, floor, read)
  const kept = keepCommands(before, value)
  if (kept.problems.length > 0) throw locatedError(kept.problems, read, kept.value)
  return { ...wholeOf(kept.value, read), complete: read.some(({ complete }) => complete) }
}

/**
 * What the device has, with settings that this program made.
 * @throws ConfigurationError with everything that is wrong
 */
export function withSettings(before: Table, change: Table): Whole {
  return wholeOf(mergeProvisioning(before, change).value, [])
}

/**
 * Settings of a device that somebody put together, checked as a whole.
 * @throws ConfigurationError with everything that is wrong
 */
export function wholeFrom(value: Table): Whole {
  return wholeOf(value, [])
}

function wholeOf(value: Table, read: readonly ReadFile[]): Whole {
  const checked = checkValue(value, provisioningSchema)
  if ('problems' in checked) throw locatedError(checked.problems, read, value)
  const provisioning = partsOf(checked.data)
  const problems = keyProblems(provisioning)
  if (problems.length > 0) throw locatedError(problems, read, value)
  const { config, secrets, site, settings } = provisioning
  return { provisioning, text: stringifyProvisioning(config, secrets, site, settings) }
}

/** Documents that somebody kept would be good again, if the number fell. */
function withFloor(value: Table, floor: Proved['floor'], read: readonly ReadFile[]): Table {
  const settings = isTable(value.settings) ? value.settings : {}
  if (floor === 'lost' && settings.serial === undefined) {
    const message = `the number of the newest settings document is lost: /etc/oobm/settings.toml and its copy in ${SECRETS_DIRECTORY} are damaged. Nothing was changed. Add it to this file, "[settings]" and "serial = NUMBER" below: the operator sees it with "oobm-relay settings show DEVICE", and a higher one does no harm`
    throw new ConfigurationError(read.at(-1)?.name ?? '', [{ line: undefined, key: '', message }])
  }
  if (floor === 'lost' || !isBelow(settings.serial, floor)) return value
  return { ...value, settings: { ...settings, serial: floor } }
}

/** What is no number is found by the check of the whole. */
function isBelow(serial: unknown, floor: number): boolean {
  return floor > 0 && (serial === undefined || (typeof serial === 'number' && serial < floor))
}

/** One sentence, in place of an error for each setting that a new device lacks. */
function mustBeWhole(read: readonly ReadFile[], value: Table): void {
  const missing = REQUIRED_KEYS.filter(key => !(key in value)).map(snakeCase)
  // A single missing key is a typing error, and the check of the whole says where.
  if (missing.length < 2) return
  const message = `only changes settings, and this device has none yet: it first needs the whole file from the operator (${missing.join(', ')} are missing)`
  throw new ConfigurationError(read.at(-1)?.name ?? '', [{ line: undefined, key: '', message }])
}

/** Each problem at its line of the file that it came from; without a line where the device had it already. */
function locatedError(problems: readonly Problem[], read: readonly ReadFile[], value: Table): ConfigurationError {
  const byFile = new Map<string, ConfigurationIssue[]>()
  for (const problem of problems) {
    const { name, issue } = locateProblem(problem, read, value)
    byFile.set(name, [...(byFile.get(name) ?? []), issue])
  }
  const [first, ...more] = byFile
  const [name = '', issues = []] = first ?? []
  // Errors in two files at once are rare: those of the others name their file.
  const others = more.flatMap(([other, list]) =>
    list.map(issue => ({ ...issue, line: undefined, message: `${issue.message} (${other}, line ${issue.line})` })),
  )
  return new ConfigurationError(name, [...issues, ...others])
}

function locateProblem({ path, message, also }: Problem, read: readonly ReadFile[], value: Table) {
  for (const { name, text, locate: pathIn } of read.toReversed()) {
    const at = pathIn(path)
    if (at === undefined) continue
    return { name, issue: locate(text, { path: at, message, also: also && pathIn(also) }) }
  }
  return {
    name: read.at(-1)?.name ?? CONFIG_PATH,
    issue: { line: undefined, key: describeStored(path, value), message },
  }
}

/** Without a line in a file, the name of an entry says more than its number. */
function describeStored(path: Path, value: Table): string {
  const [list, index, ...rest] = path
  const entries = typeof list === 'string' ? value[list] : undefined
  const entry = Array.isArray(entries) && typeof index === 'number' ? entries[index] : undefined
  const [identity = 'name'] = identityOf(String(list)) ?? []
  const name = isTable(entry) ? entry[identity] : undefined
  if (name === undefined) return describePath(path)
  return [`${String(list)} "${String(name)}"`, describePath(rest)].filter(part => part !== '').join(' ')
}
