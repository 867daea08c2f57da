/** Instructions to switch the LED off after a crash, in the run-time directory for `ExecStopPost=`. */
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { writeAtomically } from '../../runtime/write-atomically.ts'
import type { SysWrite } from './led-backend.ts'

/**
 * Writes `led-off`, a line `PATH VALUE` for each write; /usr/lib/oobm/led-off performs them. A program of our own took up to
 * 90 seconds to start on a slow board, and the LED stayed lit meanwhile.
 * @returns how to take it away, once the LED is given back
 */
export async function leaveLedOff(directory: string, writes: readonly SysWrite[]): Promise<() => Promise<void>> {
  const path = join(directory, 'led-off')
  const withdraw = () => rm(path, { force: true })
  if (writes.length === 0) await withdraw()
  else await writeAtomically(path, writes.map(({ path, value }) => `${path} ${value}\n`).join(''), 0o644)
  return withdraw
}
