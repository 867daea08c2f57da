/** Installs a checked provisioning text so that a power cut leaves the old settings or the new ones, whole. */
import { chmod, mkdir, readdir, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type * as z from 'zod'
import { partsOf, provisioningSchema, SECRETS, SECRETS_DIRECTORY } from '../../formats/provisioning.ts'
import { checkValue, describePath, readToml, stringifyToml } from '../../formats/toml-file.ts'
import { ConfigurationError, errorCode } from '../../runtime/errors.ts'
import { isLeftover, syncDirectory, writeAtomically } from '../../runtime/write-atomically.ts'
import { CONFIG_PATH, type ImportPlan, type PlannedFile, planImport } from './plan-import.ts'
import { readIfThere } from './stored.ts'
import { type Trial, trialSchema } from './trial.ts'

/** All settings of the device, until each file of them is written. One rename puts it in place: that is the change. */
const NEXT_PATH = `${SECRETS_DIRECTORY}/next.toml`

export interface Installed {
  plan: ImportPlan
  /** Paths that were there and are gone now. */
  removed: string[]
}

/**
 * @param text all settings of the device, checked
 * @param trial of connectivity; without one, a trial that runs is over
 */
export async function install(text: string, root: string, trial?: Trial): Promise<Installed> {
  await makeDirectory(join(root, dirname(CONFIG_PATH)), 0o755)
  await makeDirectory(join(root, SECRETS_DIRECTORY), 0o700)
  const journal = trial === undefined ? text : `${text}\n${stringifyToml({ trial })}`
  await writeAtomically(join(root, NEXT_PATH), journal, 0o600)
  return writeFiles(journal, root)
}

/**
 * Does the rest of an installation that was cut short; at each boot, before anything reads these files.
 * @returns undefined when there was none
 */
export async function finishInstallation(root: string): Promise<Installed | undefined> {
  const text = await readIfThere(join(root, NEXT_PATH))
  if (text !== undefined) return writeFiles(text, root)
  await tidy(root)
  return undefined
}

/** It may begin again at any point: it writes each file as the text says, whatever is there. */
async function writeFiles(journal: string, root: string): Promise<Installed> {
  const { trial, ...settings } = readToml(NEXT_PATH, journal)
  const plan = planImport(
    partsOf(valid(settings, provisioningSchema)),
    trial === undefined ? undefined : valid(trial, trialSchema),
  )
  for (const file of plan.files) await writeFile(file, root)
  const removed: string[] = []
  for (const path of plan.removals) if (await removeFile(join(root, path))) removed.push(path)
  await tidy(root)
  await removeFile(join(root, NEXT_PATH))
  await syncDirectory(join(root, SECRETS_DIRECTORY))
  return { plan, removed }
}

/** It was checked before it was written. */
function valid<T extends z.ZodType>(value: unknown, schema: T): z.output<T> {
  const checked = checkValue(value, schema)
  if ('data' in checked) return checked.data
  const issues = checked.problems.map(({ path, message }) => ({ line: undefined, key: describePath(path), message }))
  throw new ConfigurationError(NEXT_PATH, issues)
}

async function writeFile({ path, content, mode }: PlannedFile, root: string): Promise<void> {
  const target = join(root, path)
  if (path.startsWith(`${SECRETS_DIRECTORY}/`)) await makeDirectory(dirname(target), 0o700)
  await writeAtomically(target, content, mode)
}

/** Removes what interrupted writes left beside the files; afterwards all removals are on the disk, too. */
async function tidy(root: string): Promise<void> {
  const secrets = [...new Set(Object.values(SECRETS).map(({ source }) => dirname(`${SECRETS_DIRECTORY}/${source}`)))]
  for (const folder of [dirname(CONFIG_PATH), SECRETS_DIRECTORY, ...secrets].map(path => join(root, path))) {
    const names = await readdir(folder).catch(() => undefined)
    if (names === undefined) continue
    for (const name of names) if (isLeftover(name)) await rm(join(folder, name))
    await syncDirectory(folder)
  }
}

/** With this mode, whatever the umask is, and whatever mode the directory has. */
export async function makeDirectory(path: string, mode: number): Promise<void> {
  await mkdir(path, { recursive: true, mode })
  await chmod(path, mode)
}

/** @returns whether it was there */
export async function removeFile(path: string): Promise<boolean> {
  try {
    await rm(path)
    return true
  } catch (err) {
    if (errorCode(err) === 'ENOENT') return false
    throw err
  }
}
