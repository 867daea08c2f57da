/** The files of a relay with many devices, which have reported and are not connected now. */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { stringifyToml } from '../../../../formats/toml-file.ts'

const KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f'

export interface MadeReport {
  cause?: string
  consoles?: readonly { name: string; open: boolean; cause: string; who: readonly object[]; outputS?: number | null }[]
  uplink?: string
  changes?: readonly object[]
  [more: string]: unknown
}

/** @param reportOf undefined for a device that has never reported */
export async function makeFleet(
  folder: string,
  names: readonly string[],
  reportOf: (name: string, index: number) => MadeReport | undefined,
): Promise<void> {
  const fleet = {
    version: 1,
    relays: [{ name: 'lon', host: '127.0.0.1', user: 'nobody', hostKeys: [KEY], directory: join(folder, 'relay') }],
    devices: names.map((name, index) => ({
      ...{ name, port: 20_001 + 2 * index },
      consoles: [{ name: `${name}-sw1`, path: '/dev/ttyUSB0' }],
    })),
  }
  await writeFile(join(folder, 'fleet.toml'), stringifyToml(fleet))
  await mkdir(join(folder, 'relay/state'), { recursive: true })
  for (const [index, name] of names.entries()) await writeReport(folder, name, reportOf(name, index))
}

export async function writeReport(folder: string, name: string, more: MadeReport | undefined): Promise<void> {
  if (more === undefined) return
  const report = {
    ...{ v: 1, state: 'ready', cause: 'proved: a technician can get in', sinceS: 90, proofS: 12, proofBy: 'login' },
    ...{ tookMs: 300, probeMs: 21, sessions: { shell: 0, console: 0 }, software: '0.1.0', uplink: 'eth0' },
    ...{ consoles: [{ name: `${name}-sw1`, open: true, cause: '', who: [], outputS: 40 }], changes: [] },
    ...more,
  }
  const state = join(folder, 'relay/state', name)
  await mkdir(state, { recursive: true })
  await writeFile(join(state, 'report.json'), JSON.stringify(report))
}
