/** Gives the program that switches outlets what the configuration says, and starts it; without outlets, it is stopped. */
import { createHash } from 'node:crypto'
import { readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import spawn from 'nano-spawn'
import type { DeviceConfig } from '../../formats/device-config.ts'
import { type OutletConfig, parseOutletAddress } from '../../formats/outlets.ts'
import type { Site } from '../../formats/site-config.ts'
import { writeAtomically } from '../../runtime/write-atomically.ts'
import { makeDirectory } from '../import/install.ts'

export interface SettleOutletsOptions {
  config: Pick<DeviceConfig, 'outlets'>
  secrets: Site['outletSecrets']
  /** What is handed to the program. */
  directory: string
  /** For the journal: one line for each thing that was done. */
  say(line: string): void
  /** systemctl(1) with these arguments. */
  systemctl?(args: string[]): Promise<void>
}

/** Milliseconds for systemctl: a program that stops in the middle of a cycle switches on first. */
const TOOL_MS = 60_000
const SOCKET = 'oobm-power.socket'
const SERVICE = 'oobm-power.service'

/** @throws where systemd does not do it */
export async function settleOutlets(options: SettleOutletsOptions): Promise<void> {
  const { config, secrets, directory, say, systemctl = runSystemctl } = options
  const { outlets } = config
  await makeDirectory(directory, 0o700)
  const handed = join(directory, 'secrets')
  await makeDirectory(handed, 0o700)
  const known = new Map(secrets.map(({ outlet, secret }) => [outlet, secret]))
  const wanted = outlets.flatMap(({ name }) => {
    const secret = known.get(name)
    return secret === undefined ? [] : [{ name, secret }]
  })
  for (const name of await readdir(handed))
    if (!wanted.some(one => one.name === name)) await rm(join(handed, name), { force: true })
  for (const { name, secret } of wanted) await writeAtomically(join(handed, name), secret, 0o600)

  const mark = join(directory, 'mark')
  if (outlets.length === 0) {
    await systemctl(['stop', SOCKET, SERVICE])
    await rm(mark, { force: true })
    return say('no outlets')
  }
  // The empty one first: what was allowed before is not allowed any more.
  const allowed = addressesOf(outlets).map(address => `IPAddressAllow=${address}`)
  await systemctl(['set-property', '--runtime', SERVICE, 'IPAddressAllow=', ...allowed])
  const now = createHash('sha256')
    .update(JSON.stringify([outlets, wanted]))
    .digest('hex')
  const isNew = (await readFile(mark, 'utf8').catch(() => '')) !== now
  await systemctl(['start', SOCKET])
  // At the first time after a boot, too: what is owed is switched on, and `after_boot` is done.
  if (isNew) await systemctl(['restart', '--no-block', SERVICE])
  await writeAtomically(mark, now, 0o600)
  say(`${outlets.length} outlet${outlets.length === 1 ? '' : 's'}${isNew ? '' : ', as before'}`)
}

/** What the program may reach: outlets over HTTP, and what the programs of the others need. */
export function addressesOf(outlets: readonly OutletConfig[]): string[] {
  return [
    ...new Set(
      outlets.flatMap(({ address, hosts }) => {
        const place = address === undefined ? undefined : parseOutletAddress(address)
        return [...(place ? [place.host] : []), ...hosts]
      }),
    ),
  ]
}

async function runSystemctl(args: string[]): Promise<void> {
  await spawn('systemctl', args, { timeout: TOOL_MS })
}
