/** Whether access to each device is on: a file for each device, which survives a reboot and which the forced commands read. */
import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as z from 'zod'
import { errorCode } from '../../../runtime/errors.ts'
import { writeAtomically } from '../../../runtime/write-atomically.ts'
import type { StatePaths } from './state-paths.ts'

/** `state` and `until` come first in the file, on one line: oobm-device-command, a shell script, reads them as text. */
export const maintenanceSchema = z.object({
  state: z.enum(['on', 'off']),
  /** Epoch seconds at which access is on again by itself; null without an end. */
  until: z.int().nullable(),
  /** Epoch seconds. */
  at: z.int(),
  by: z.string(),
  reason: z.string().optional(),
  /** `HOST PORT USER` that the device was sent to. */
  relay: z.string().optional(),
})

export type Maintenance = z.output<typeof maintenanceSchema>

/** @returns undefined if nobody ever switched it: access is on */
export async function readMaintenance(paths: StatePaths, device: string): Promise<Maintenance | undefined> {
  try {
    return maintenanceSchema.safeParse(JSON.parse(await readFile(fileOf(paths, device), 'utf8'))).data
  } catch (err) {
    if (errorCode(err) === 'ENOENT' || err instanceof SyntaxError) return undefined
    throw err
  }
}

export async function writeMaintenance(paths: StatePaths, device: string, maintenance: Maintenance): Promise<void> {
  await mkdir(paths.maintenance, { recursive: true, mode: 0o755 })
  const { state, until, ...rest } = maintenance
  await writeAtomically(fileOf(paths, device), `${JSON.stringify({ state, until, ...rest })}\n`, 0o644)
}

/** False after the end, also if nobody has changed the file. */
export function isOff(maintenance: Maintenance | undefined, nowMs: number): boolean {
  return maintenance?.state === 'off' && (maintenance.until === null || maintenance.until * 1000 > nowMs)
}

function fileOf({ maintenance }: StatePaths, device: string): string {
  return join(maintenance, `${device}.json`)
}
