/** The settings that a device has, as one provisioning file: a later file is merged into it. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { SECRETS, type Secrets, type SettingsTrust, settingsSchema } from '../../formats/provisioning.ts'
import { checkValue, parseToml, readToml } from '../../formats/toml-file.ts'
import { ConfigurationError, errorCode } from '../../runtime/errors.ts'
import { isTable, type Table } from './merge.ts'
import { CONFIG_PATH, SETTINGS_COPY_PATH, SETTINGS_PATH, SITE_PATH, secretPath } from './plan-import.ts'
import { TRIAL_PATH, type Trial, trialSchema } from './trial.ts'

/** @returns undefined when the device has no configuration, or one that is not TOML: it then needs a complete file */
export async function readStored(root: string): Promise<Table | undefined> {
  const config = await readTable(root, CONFIG_PATH)
  if (config === undefined) return undefined
  const secrets: Table = {}
  for (const name of Object.keys(SECRETS) as (keyof Secrets)[]) {
    const text = await readIfThere(join(root, secretPath(name)))
    if (text !== undefined) secrets[name] = text
  }
  const { trust } = await readFloor(root)
  return { ...config, ...(await readTable(root, SITE_PATH)), ...(trust && { settings: trust }), secrets }
}

export interface Floor {
  /** Undefined where no file says anything. */
  trust: SettingsTrust | undefined
  /** Files that are there and damaged. */
  damaged: string[]
  /** The number below which nothing is taken; `lost` where all that had it is damaged. */
  serial: number | 'lost'
}

/** Who may sign, and the number of the newest document, from the file and its copy: the higher number of those that are whole. */
export async function readFloor(root: string): Promise<Floor> {
  const paths = [SETTINGS_PATH, SETTINGS_COPY_PATH]
  const texts = await Promise.all(paths.map(path => readIfAllowed(join(root, path))))
  const read = texts.map(text => (text === undefined ? undefined : trustIn(text)))
  const whole = read.filter(one => one !== undefined)
  const damaged = paths.filter((_, at) => texts[at] !== undefined && read[at] === undefined)
  const highest = whole.length === 0 ? undefined : Math.max(...whole.map(({ serial }) => serial))
  const [trust] = whole
  return {
    trust: trust && highest !== undefined ? { ...trust, serial: highest } : undefined,
    damaged,
    serial: highest ?? (damaged.length > 0 ? 'lost' : 0),
  }
}

/** @returns undefined where it is damaged: each has its number */
function trustIn(text: string): SettingsTrust | undefined {
  try {
    const { settings } = readToml(SETTINGS_PATH, text)
    const checked = checkValue(settings, settingsSchema)
    return 'data' in checked && isTable(settings) && 'serial' in settings ? checked.data : undefined
  } catch (err) {
    if (err instanceof ConfigurationError) return undefined
    throw err
  }
}

/** The copy is root's. */
async function readIfAllowed(path: string): Promise<string | undefined> {
  try {
    return await readIfThere(path)
  } catch (err) {
    if (errorCode(err) === 'EACCES') return undefined
    throw err
  }
}

export interface Proved {
  before: Table | undefined
  undone?: Trial
  /** The number of the newest settings document, which no file lowers. */
  floor: number | 'lost'
}

/**
 * What a file from an administrator is merged into. Connectivity that is installed on trial is not proved: a file that names other
 * things must not make it the one to stay.
 * @returns undefined when the device needs a complete file; and the trial whose connectivity is left out, if any
 */
export async function readProved(root: string): Promise<Proved> {
  const trial = await readTrial(root).catch(err => {
    // Nobody can tell then what was proved. oobm-apply says so, and removes it.
    if (!(err instanceof ConfigurationError)) throw err
  })
  const { serial: floor } = await readFloor(root)
  if (trial?.phase !== 'trial') return { before: await readStored(root), floor }
  return { before: readToml(TRIAL_PATH, trial.old), undone: trial, floor }
}

/** Who may sign settings documents, and the number of the newest one; nobody and none where nothing says it. */
export async function readTrust(root: string): Promise<SettingsTrust> {
  return (await readFloor(root)).trust ?? { serial: 0, signers: [] }
}

/** @throws ConfigurationError when it is damaged */
export async function readTrial(root: string): Promise<Trial | undefined> {
  const text = await readIfThere(join(root, TRIAL_PATH))
  return text === undefined ? undefined : parseToml(TRIAL_PATH, text, trialSchema)
}

async function readTable(root: string, path: string): Promise<Table | undefined> {
  const text = await readIfThere(join(root, path))
  try {
    return text === undefined ? undefined : readToml(path, text)
  } catch (err) {
    if (err instanceof ConfigurationError) return undefined
    throw err
  }
}

/** @throws a system error other than ENOENT */
export async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8')
  } catch (err) {
    if (errorCode(err) === 'ENOENT') return undefined
    throw err
  }
}
