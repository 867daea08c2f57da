/** Compares what is on a relay with what is wanted, and describes each change. */
import { lstat, readdir, readFile, readlink } from 'node:fs/promises'
import { basename, dirname, join, relative } from 'node:path'
import { publicKeySchema } from '../../../formats/names.ts'
import { isLeftover } from '../../../runtime/write-atomically.ts'
import { type AccountStep, describeAccountStep, planAccounts } from '../dedicated/accounts.ts'
import type { DesiredRelay } from '../dedicated/desired-relay.ts'
import { UNIT } from '../dedicated/unit.ts'
import type { RelayPaths } from '../relay-paths.ts'
import { readAccounts } from './accounts.ts'
import { ignoreMissing } from './durable.ts'
import { tablesInForce } from './firewall.ts'
import { linkedGeneration, type RelayState, readState } from './relay-state.ts'
import type { SshdService } from './sshd-service.ts'

/** Files below `RelayPaths.relay` that are not made from the fleet file: carried from one generation to the next. */
export const KEPT = /^(ssh_host_ed25519_key(\.pub)?|hop_keys(\/.*)?)$/

/** What `RelayPaths.fleet` is a link to. */
export const FLEET_LINK = 'relay/fleet.toml'

export interface FileChange {
  path: string
  before: string | undefined
  after: string | undefined
}

export interface Changes {
  state: RelayState | undefined
  generation: string | undefined
  files: FileChange[]
  unit: FileChange | undefined
  accounts: AccountStep[]
  hasHostKey: boolean
  /** Whether the host key to restore differs from the present one. */
  restoresHostKey: boolean
  isFleetLinked: boolean
  /** The port of the present sshd_config. */
  portBefore: number | undefined
  /** What prevents applying. */
  conflicts: string[]
  /** Descriptions of other things to do. */
  others: string[]
}

export async function inspectRelay(
  desired: DesiredRelay,
  paths: RelayPaths,
  service: SshdService,
  withoutSystemd: boolean,
): Promise<Changes> {
  const state = await readState(paths)
  const generation = await linkedGeneration(paths)
  const there = await readTree(paths.relay)
  const names = [...new Set([...there.keys(), ...desired.files.keys()])].sort()
  const files = names
    .map(path => ({ path, before: there.get(path), after: desired.files.get(path) }))
    .filter(({ path, before, after }) => before !== after && !KEPT.test(path))
  const unitText = await readText(paths.unit)
  const wantedUnit = withoutSystemd ? undefined : desired.unit
  const { steps, conflicts } = planAccounts(desired.accounts, await readAccounts(paths), state?.accounts ?? [])
  const others: string[] = []
  const hasHostKey = there.has('ssh_host_ed25519_key')
  const publicKey = publicKeySchema.safeParse(await readText(`${paths.hostKey}.pub`)).data
  const restoresHostKey = desired.hostKey !== undefined && desired.hostKey.publicKey !== publicKey
  if (restoresHostKey) others.push('restore the host key of this relay')
  else if (!hasHostKey) others.push('make the host key of this relay')
  if (!(await service.isRunning())) others.push(`start ${UNIT} on port ${desired.relay.port}`)
  else if (generation === undefined || state?.serving !== generation)
    others.push(`reload ${UNIT}, whose files are in place already`)
  const isFleetLinked = (await readlink(paths.fleet).catch(() => undefined)) === FLEET_LINK
  if (!isFleetLinked) others.push(`keep the fleet file as ${paths.fleet}`)
  const port = /^Port (\d+)$/m.exec(there.get('sshd_config') ?? '')?.[1]
  if ((await leftoversOf(paths)).length > 0) others.push('remove what an interrupted run left')
  const table = await tablesInForce()
  if (desired.hasTables && (table === undefined || table !== state?.firewall)) {
    const ports = desired.openPorts.join(', ')
    if (desired.relay.firewall) others.push(`load the firewall: it opens ${ports} and drops everything else`)
    else others.push('forward the ports of gateway devices (nftables); firewall = false: no port is closed')
  }
  if (!desired.hasTables && state?.firewall != null && table !== undefined) others.push('remove our nftables tables')
  if (state !== undefined && state.relay !== desired.relay.name) {
    conflicts.push(`this is relay "${state.relay}", not "${desired.relay.name}": run "oobm-relay remove --all" first`)
  }
  return {
    state,
    generation,
    files,
    unit:
      unitText === wantedUnit || (withoutSystemd && unitText === undefined)
        ? undefined
        : { path: paths.unit, before: unitText, after: wantedUnit },
    accounts: steps,
    hasHostKey,
    restoresHostKey,
    isFleetLinked,
    portBefore: port === undefined ? undefined : Number(port),
    conflicts,
    others,
  }
}

export function isNothing({ files, unit, accounts, others }: Changes): boolean {
  return files.length === 0 && unit === undefined && accounts.length === 0 && others.length === 0
}

/** Each change as a sentence without a full stop. */
export function describeChanges({ files, unit, accounts, others }: Changes): string[] {
  const verb = ({ before, after }: FileChange) =>
    before === undefined ? 'write' : after === undefined ? 'remove' : 'change'
  return [
    ...accounts.map(describeAccountStep),
    ...files.map(change => `${verb(change)} ${change.path}`),
    ...(unit ? [`${verb(unit)} ${unit.path}`] : []),
    ...others,
  ]
}

/** What killed runs have left, and generations that are no longer in force. */
export async function leftoversOf(paths: RelayPaths): Promise<string[]> {
  const current = await linkedGeneration(paths)
  const generations = (await readdir(paths.generations).catch(ignoreMissing)) ?? []
  const beside = async (folder: string, ...of: string[]) =>
    ((await readdir(folder).catch(ignoreMissing)) ?? [])
      .filter(name => of.some(file => isLeftover(name, file)))
      .map(name => join(folder, name))
  return [
    ...generations.filter(name => name !== current).map(name => join(paths.generations, name)),
    ...(await beside(paths.etc, ...[paths.relay, paths.fleet, paths.state].map(path => basename(path)))),
    ...(await beside(dirname(paths.unit), basename(paths.unit))),
  ]
}

/** All files below a folder, by their path in it; anything else, such as a link, has a text that no wanted file has. */
async function readTree(folder: string): Promise<Map<string, string>> {
  const files = new Map<string, string>()
  const visit = async (path: string): Promise<void> => {
    for (const entry of (await readdir(path, { withFileTypes: true }).catch(ignoreMissing)) ?? []) {
      const full = join(path, entry.name)
      const name = relative(folder, full)
      if (entry.isDirectory()) await visit(full)
      else if (!entry.isFile()) files.set(name, '(not a file)')
      // Nobody may see private keys.
      else if (KEPT.test(name)) files.set(name, '')
      else files.set(name, `${await oddMode(full)}${await readFile(full, 'utf8')}`)
    }
  }
  await visit(folder)
  return files
}

/** A wrong mode or owner counts as a change of content: both are written again. */
async function oddMode(path: string): Promise<string> {
  const { mode, uid } = await lstat(path)
  const isOdd = (mode & 0o777) !== 0o644 || (uid !== 0 && process.getuid?.() === 0)
  return isOdd ? `(mode ${(mode & 0o777).toString(8)}, uid ${uid})\n` : ''
}

async function readText(path: string): Promise<string | undefined> {
  return readFile(path, 'utf8').catch(ignoreMissing)
}
