/** What the units for those beside the board (oobm-local@.target) find of the settings, in the run-time folder of `oobm provision`. */
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { bridgeSettings } from '../../formats/device-settings.ts'
import { writeAtomically } from '../../runtime/write-atomically.ts'
import { isTable, type Table } from '../import/merge.ts'

/** For oobm-page@.socket, which listens where there is no such file: also on a board without settings. */
export async function switchPage(stored: Table | undefined, directory: string): Promise<void> {
  const file = join(directory, 'page-off')
  if (isTable(stored?.page) && stored.page.enabled === false) await writeAtomically(file, '', 0o644)
  else await rm(file, { force: true })
}

/** For oobm-console@ADDRESS, which hands on to this port of the bridge: where there are settings, and so a bridge. */
export async function tellConsoles(stored: Table | undefined, directory: string): Promise<void> {
  const file = join(directory, 'consoles')
  if (stored === undefined) return rm(file, { force: true })
  const port = bridgeSettings.port.parse(isTable(stored.bridge) ? stored.bridge.port : undefined)
  await writeAtomically(file, `PORT=${port}\n`, 0o644)
}
