/** Puts what makes a site with radios on a card: hostapd, a DHCP server, and the kernel's simulated radios. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { EXIT, UserError } from '../../../runtime/errors.ts'
import { runProgram } from '../../../testbed/run-program.ts'
import { partitionIn } from '../../card/card.ts'
import type { Fat } from '../../card/fat.ts'

const CACHE = join(import.meta.dirname, '../../../build/wifi')

/** What must be downloaded once. */
export async function fetchSite(): Promise<void> {
  const fetched = await runProgram(join(import.meta.dirname, 'fetch-hostapd'), [CACHE], { timeoutMs: 600_000 })
  if (fetched.code !== 0) throw new UserError(`hostapd cannot be downloaded: ${fetched.stderr}`, EXIT.unavailable)
}

/** @param folder for the archive, which is left there */
export async function addSite(card: Fat, folder: string): Promise<void> {
  const archive = join(folder, 'wifi.tar')
  const args = [CACHE, (await partitionIn(card.path, 2)).ext4, archive]
  const gathered = await runProgram(join(import.meta.dirname, 'gather-site'), args, { timeoutMs: 600_000 })
  if (gathered.code !== 0) throw new Error(`gather-site: ${gathered.stderr}`)
  await card.write('wifi.tar', await readFile(archive))
}
