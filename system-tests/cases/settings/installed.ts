/** What settings a board has, read as the board itself reads them, and which document each half is. */
import { readdir, readFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { type ImportPlan, planImport } from '../../../device/import/plan-import.ts'
import { readStored, readTrial } from '../../../device/import/stored.ts'
import { labelText } from '../../../formats/console-label.ts'
import { partsOf, provisioningSchema } from '../../../formats/provisioning.ts'
import { checkValue } from '../../../formats/toml-file.ts'
import { runProgram } from '../../../testbed/run-program.ts'
import type { Machine } from '../../machine/machine.ts'
import type { Connectivity, Document } from './documents.ts'

export interface Installed {
  serial: number
  people: string[]
  connectivity: Connectivity
  /** Where it is on trial. */
  trial: 'waiting' | 'trial' | undefined
}

/** Made of the settings, by `oobm-people`. */
const ACCOUNTS = /^\/etc\/oobm\/people(\.json$|\/)/

/**
 * @param folder an empty one, for a copy of the board's files
 * @throws Error where they are not whole: each file must be what the settings make of it, and none is left over
 */
export async function readInstalled({ sh }: Pick<Machine, 'sh'>, folder: string): Promise<Installed> {
  // Not while they change.
  const archive = await sh('flock /etc/oobm/secrets tar -C / -cz etc/oobm | base64 -w 0')
  const untar = await runProgram('sh', ['-c', `base64 -d | tar -C '${folder}' -xz`], { input: archive })
  if (untar.code !== 0) throw new Error(`its settings cannot be read: ${untar.stderr}`)
  const [stored, trial] = [await readStored(folder), await readTrial(folder)]
  const checked = checkValue(stored ?? {}, provisioningSchema)
  if (!('data' in checked)) throw new Error(`its settings are not whole: ${JSON.stringify(checked.problems)}`)
  const plan = planImport(partsOf(checked.data), trial)
  await compare(folder, plan)
  const { config } = plan
  return {
    serial: checked.data.settings.serial,
    people: config.technicians.map(({ name }) => name),
    connectivity: { relay: config.relays[0]?.host ?? '', label: labelText(config.consoles[0]?.label) },
    trial: trial?.phase,
  }
}

async function compare(folder: string, { files }: ImportPlan): Promise<void> {
  const entries = await readdir(join(folder, 'etc/oobm'), { recursive: true, withFileTypes: true })
  const there = entries
    .filter(entry => entry.isFile())
    .map(entry => `/${relative(folder, join(entry.parentPath, entry.name))}`)
    .filter(path => !ACCOUNTS.test(path))
  const surplus = there.filter(path => files.every(file => file.path !== path))
  if (surplus.length > 0) throw new Error(`left over: ${surplus.join(', ')}`)
  for (const { path, content } of files) {
    const is = await readFile(join(folder, path), 'utf8').catch(err => String(err))
    if (is !== content) throw new Error(`${path} is of other settings than the rest:\n${is}\nnot\n${content}`)
  }
}

/** @throws Error unless access is one document's, and connectivity one document's, whole */
export function checkHalves({ serial, people, connectivity }: Installed, documents: readonly Document[]): void {
  const access = documents.find(one => one.access.serial === serial)?.access
  const persons = people.filter(name => name.startsWith('person-')).join()
  if (access === undefined || persons !== (access.person?.name ?? ''))
    throw new Error(`serial number ${serial}, and of people ${persons || 'nobody'}`)
  const isOne = documents.some(
    ({ connectivity: { relay, label } }) => relay === connectivity.relay && label === connectivity.label,
  )
  if (!isOne) throw new Error(`connectivity of no document, or of two: ${JSON.stringify(connectivity)}`)
}
