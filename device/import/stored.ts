/** The settings that a device has, as one provisioning file: a later file is merged into it. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { SECRETS, type Secrets, type SettingsTrust, settingsSchema } from '../../formats/provisioning.ts'
import { checkValue, parseToml, readToml } from '../../formats/toml-file.ts'
import { ConfigurationError, errorCode } from '../../runtime/errors.ts'
import type { Table } from './merge.ts'
import { CONFIG_PATH, SETTINGS_PATH, SITE_PATH, secretPath } from './plan-import.ts'
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
  return { ...config, ...(await readTable(root, SITE_PATH)), ...(await readTable(root, SETTINGS_PATH)), secrets }
}

/**
 * What a file from an administrator is merged into. Connectivity that is installed on trial is not proved: a file that names other
 * things must not make it the one to stay.
 * @returns undefined when the device needs a complete file; and the trial whose connectivity is left out, if any
 */
export async function readProved(root: string): Promise<{ before: Table | undefined; undone?: Trial }> {
  const trial = await readTrial(root).catch(err => {
    // Nobody can tell then what was proved. oobm-apply says so, and removes it.
    if (!(err instanceof ConfigurationError)) throw err
  })
  if (trial?.phase !== 'trial') return { before: await readStored(root) }
  return { before: readToml(TRIAL_PATH, trial.old), undone: trial }
}

/** Who may sign settings documents, and the number of the newest one; nobody and none where nothing says it. */
export async function readTrust(root: string): Promise<SettingsTrust> {
  const checked = checkValue((await readTable(root, SETTINGS_PATH))?.settings ?? {}, settingsSchema)
  return 'data' in checked ? checked.data : { serial: 0, signers: [] }
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
