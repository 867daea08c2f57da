/** Whether a document may be taken, and what it makes of the device's settings: everything is found out before anything is written. */
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Table } from '../device/import/merge.ts'
import { type Whole, wholeFrom } from '../device/import/take-over.ts'
import type { Trial } from '../device/import/trial.ts'
import {
  type Access,
  type ConnectivityAsWritten,
  documentError,
  type SettingsDocument,
} from '../formats/settings-document.ts'
import { siteShape } from '../formats/site-config.ts'
import { fingerprint } from '../formats/ssh-key.ts'
import { describePath, type Problem, readToml } from '../formats/toml-file.ts'
import { ConfigurationError, type ConfigurationIssue, UserError } from '../runtime/errors.ts'
import { fitToConsoles, withAccess, withConnectivity } from './combine.ts'
import { effective } from './restarts.ts'

export interface Stored {
  /** What is installed. */
  current: Whole
  /** The trial that is not decided. */
  trial: Trial | undefined
}

export interface Change {
  serial: number
  /** To install now: the connectivity that was proved, or that is on trial already, with the new people. */
  now: Whole
  /** The trial that is to go on, or to begin. */
  trial: Pick<Trial, 'phase' | 'old' | 'next'> | undefined
  /** Whether the trial is of this document. */
  isNewTrial: boolean
  /** Why the connectivity of the document was refused, while its access is taken. */
  refused: string | undefined
}

export function digestOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}

/** @throws ConfigurationError when the document is for another device, or not newer than the last one */
export function checkAddressee(name: string, document: SettingsDocument, { current: { provisioning } }: Stored): void {
  const { config, settings } = provisioning
  // A board that waits to be accepted gets its name by this document; its key says that it is meant.
  if (document.device !== config.device && config.enrolment === undefined)
    throw documentError(name, `is for ${document.device}, and this device is ${config.device}`)
  const own = fingerprint(config.bridge.hostKey)
  if (document.fingerprint !== own)
    throw documentError(name, `is for the device with the key ${document.fingerprint}, and this one has ${own}`)
  if (document.serial <= settings.serial)
    throw documentError(
      name,
      `has serial number ${document.serial}, and this device has taken number ${settings.serial}: only a higher one takes effect`,
    )
}

/**
 * @param open decrypts the secrets
 * @param managesNetwork whether this system's network is made from its settings
 * @throws ConfigurationError, UserError when nothing of the document can be taken
 */
export async function planChange(
  name: string,
  { device, access, connectivity, serial }: SettingsDocument,
  { current, trial }: Stored,
  open: (connectivity: ConnectivityAsWritten) => Promise<ConnectivityAsWritten>,
  managesNetwork: boolean,
): Promise<Change> {
  if (access && 'issues' in access) throw new ConfigurationError(name, access.issues)
  const proved = trial === undefined ? tableOf(current.text) : tableOf(trial.old)
  const tried = trial === undefined ? undefined : tableOf(trial.next)
  const people = access?.value
  const next = await candidate()
  if (next instanceof UserError && people === undefined) throw next
  // Alone, access must fit the consoles that there are; beside connectivity, it fits those of the connectivity.
  const isAlone = connectivity === undefined && tried === undefined
  const old = wholeFrom(withAccess(proved, peopleFor(proved, isAlone), serial))
  // What is proved already needs no trial.
  const isNewTrial = next !== undefined && !(next instanceof UserError) && !isSame(next, old)
  const refused = next instanceof UserError ? next.message : undefined
  if (isNewTrial)
    return { serial, now: old, trial: { phase: 'waiting', old: old.text, next: next.text }, isNewTrial, refused }
  const isOvertaken = next !== undefined && !(next instanceof UserError)
  if (tried === undefined || trial === undefined || isOvertaken)
    return { serial, now: old, trial: undefined, isNewTrial, refused }
  const going = wholeFrom(withAccess(tried, peopleFor(tried, false), serial))
  const now = trial.phase === 'trial' ? going : old
  return { serial, now, trial: { phase: trial.phase, old: old.text, next: going.text }, isNewTrial, refused }

  function peopleFor(base: Table, isStrict: boolean): Pick<Access, 'technicians' | 'signers'> {
    const all: Pick<Access, 'technicians' | 'signers'> = people ?? {
      technicians: wholeFrom(tried ?? proved).provisioning.config.technicians,
    }
    return isStrict ? all : { ...all, technicians: fitToConsoles(all.technicians, base.consoles) }
  }

  async function candidate(): Promise<Whole | UserError | undefined> {
    if (connectivity === undefined) return undefined
    try {
      if ('issues' in connectivity) throw new ConfigurationError(name, connectivity.issues)
      const site = Object.keys(siteShape).filter(key => key in connectivity.value)
      if (site.length > 0 && !managesNetwork)
        throw documentError(name, `connectivity.${site[0]}: the network of this system is not made from oobm.toml`)
      const opened = await open(connectivity.value)
      const whole = people ?? { technicians: wholeFrom(tried ?? proved).provisioning.config.technicians }
      const { value, problems } = withConnectivity(proved, opened, device)
      if (problems.length > 0) throw new ConfigurationError(name, problems.map(inConnectivity))
      return wholeFrom(withAccess(value, whole, serial))
    } catch (err) {
      if (err instanceof UserError) return err
      throw err
    }
  }
}

function inConnectivity({ path, message }: Problem): ConfigurationIssue {
  return { line: undefined, key: `connectivity.${describePath(path)}`, message }
}

/** Whether `oobm provision` made this boot's network. */
export function managesNetwork(root: string, provisioningDirectory: string): boolean {
  return existsSync(join(root, provisioningDirectory))
}

function isSame(a: Whole, b: Whole): boolean {
  return JSON.stringify(effective(a.provisioning)) === JSON.stringify(effective(b.provisioning))
}

function tableOf(text: string): Table {
  return readToml('settings', text)
}
