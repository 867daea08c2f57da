/** Compares what is on a relay with what is wanted, and describes each change. */
import { lstat, readdir, readFile, readlink } from 'node:fs/promises'
import { basename, dirname, join, relative } from 'node:path'
import { publicKeySchema } from '../../../formats/names.ts'
import { isLeftover } from '../../../runtime/write-atomically.ts'
import { type AccountStep, describeAccountStep, planAccounts } from '../dedicated/accounts.ts'
import type { DesiredRelay } from '../dedicated/desired-relay.ts'
import { TLS_UNIT } from '../dedicated/tls-units.ts'
import { UNIT } from '../dedicated/unit.ts'
import type { RelayPaths } from '../relay-paths.ts'
import { readAccounts } from './accounts.ts'
import { ignoreMissing } from './durable.ts'
import { tablesInForce } from './firewall.ts'
import { type Front, haproxyState } from './front.ts'
import { linkedGeneration, type RelayState, readState } from './relay-state.ts'
import type { SshdService } from './sshd-service.ts'

/** Files below `RelayPaths.relay` that are not made from the fleet file: carried from one generation to the next. */
export const KEPT = /^(ssh_host_ed25519_key(\.pub)?|tls\.pem|hop_keys(\/.*)?)$/

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
  units: FileChange[]
  accounts: AccountStep[]
  hasHostKey: boolean
  /** Whether the host key to restore differs from the present one. */
  restoresHostKey: boolean
  isFleetLinked: boolean
  /** Whether HAProxy has the certificate that it needs, or needs none. */
  hasCertificate: boolean
  /** Who has the relay's port, by the present files. */
  frontBefore: Front | undefined
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
  const units: FileChange[] = []
  for (const path of [paths.unit, paths.tlsUnit, paths.plainUnit]) {
    const [before, after] = [await readText(path), withoutSystemd ? undefined : desired.units.get(path)]
    if (before !== after) units.push({ path, before, after })
  }
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
  const hasCertificate = !desired.relay.tls || there.has('tls.pem')
  if (!hasCertificate) others.push('make the certificate for TLS')
  if (desired.relay.tls && !withoutSystemd && (await haproxyState()) !== 'active') {
    others.push(`start ${TLS_UNIT} (HAProxy) on port ${desired.relay.port}`)
  }
  const frontBefore = frontOf(there)
  if (frontBefore?.hasTls && !desired.relay.tls) {
    others.push(`stop ${TLS_UNIT} (HAProxy): the connections through it end, and devices come back by themselves`)
  }
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
    units,
    accounts: steps,
    hasHostKey,
    restoresHostKey,
    isFleetLinked,
    hasCertificate,
    frontBefore,
    conflicts,
    others,
  }
}

/** By the files of a generation. */
function frontOf(there: ReadonlyMap<string, string>): Front | undefined {
  const portIn = (file: string, line: RegExp) => line.exec(there.get(file) ?? '')?.[1]
  const shared = portIn('haproxy.cfg', /^ {2}bind 0\.0\.0\.0:(\d+)$/m)
  const port = shared ?? portIn('sshd_config', /^Port (\d+)$/m)
  return port === undefined ? undefined : { port: Number(port), hasTls: shared !== undefined }
}

export function isNothing({ files, units, accounts, others }: Changes): boolean {
  return files.length === 0 && units.length === 0 && accounts.length === 0 && others.length === 0
}

/** Each change as a sentence without a full stop. */
export function describeChanges({ files, units, accounts, others }: Changes): string[] {
  const verb = ({ before, after }: FileChange) =>
    before === undefined ? 'write' : after === undefined ? 'remove' : 'change'
  return [
    ...accounts.map(describeAccountStep),
    ...[...files, ...units].map(change => `${verb(change)} ${change.path}`),
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
    ...(await beside(dirname(paths.unit), ...[paths.unit, paths.tlsUnit, paths.plainUnit].map(path => basename(path)))),
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
