/** Changes a relay to what is wanted, as one transaction: builds beside, checks, swaps by one rename, then puts in force. */
import { chown, link, mkdir, readdir, readFile, rm, rmdir, unlink } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { errorMessage, UserError } from '../../../runtime/errors.ts'
import { replaceLink, syncDirectory, writeAtomically } from '../../../runtime/write-atomically.ts'
import { INNER_SSHD_PORT } from '../../fleet/fleet-schema.ts'
import type { DesiredRelay } from '../dedicated/desired-relay.ts'
import type { RelayPaths } from '../relay-paths.ts'
import { readAccounts, takeAccountStep } from './accounts.ts'
import { carryCertificate, checkHaproxy } from './certificate.ts'
import { ignoreMissing, makeDirectory, writeTree } from './durable.ts'
import { checkTables, deleteTables, loadTables, ownSshPort } from './firewall.ts'
import { disableHaproxy, enableHaproxy, type Front, putInForce, stopHaproxy } from './front.ts'
import { type Changes, type FileChange, FLEET_LINK, leftoversOf } from './inspect-relay.ts'
import { type RelayState, readState, writeState } from './relay-state.ts'
import { runTool } from './run-tool.ts'
import { isFree, type SshdService } from './sshd-service.ts'

export interface ApplyContext {
  desired: DesiredRelay
  changes: Changes
  paths: RelayPaths
  sshd: string
  /** With `tls = true`. */
  haproxy: string | undefined
  service: SshdService
  /** Called after each step. */
  onStep(what: string): void
}

/**
 * If it is killed at any point, the relay still serves: before the swap nothing that sshd reads has changed, after it everything
 * has. The next run finishes.
 * @throws UserError if it failed; everything is then as before
 */
export async function applyRelay(context: ApplyContext): Promise<void> {
  const { desired, changes, paths, service, onStep } = context
  const undo: (() => Promise<unknown>)[] = []
  try {
    await refuseLockout(desired)
    await refuseTakenPort(context)
    const generation = await buildGeneration(context, undo)
    onStep('built and checked')
    const state = await announce(context, undo)
    for (const step of changes.accounts.filter(step => step.do !== 'remove')) {
      undo.push(await takeAccountStep(paths, step))
    }
    await makeStateFolders(context, undo)
    onStep('accounts made')
    const { frontBefore } = changes
    const front: Front = { port: desired.relay.port, hasTls: desired.relay.tls }
    const hasNewFront = changes.state?.serving !== changes.generation || changes.files.some(isOfHaproxy)
    // A run that was killed may have swapped the files, and left HAProxy at the port.
    const hadHaproxy = changes.units.some(({ path, before }) => path === paths.tlsUnit && before !== undefined)
    const hasHaproxy = front.hasTls || frontBefore?.hasTls === true || hadHaproxy
    let wasTold = false
    if (frontBefore !== undefined)
      undo.push(async () => wasTold && putInForce(service, hasHaproxy, frontBefore, hasNewFront))
    await writeUnits(context, undo)
    if (generation !== changes.generation) {
      await swap(context, generation, undo)
      onStep('swapped')
    }
    const firewall = await takeFirewall(context, undo)
    onStep(desired.relay.firewall ? 'firewall loaded' : 'no firewall wanted')
    // Undone before the files that sshd reads are removed; an older sshd reads its files again after that: see above.
    if (changes.generation === undefined) undo.push(() => service.stop())
    if (!frontBefore?.hasTls && front.hasTls) undo.push(stopHaproxy)
    wasTold = true
    await putInForce(service, hasHaproxy, front, hasNewFront)
    onStep('sshd reloaded')
    await writeState(paths, { ...state, serving: generation, firewall })
    onStep('in force')
  } catch (err) {
    await undoAll(undo, err)
  }
  await tidy(context)
  onStep('tidied')
}

async function undoAll(undo: (() => Promise<unknown>)[], err: unknown): Promise<never> {
  const failures: string[] = []
  for (const step of undo.reverse()) await step().catch(failure => failures.push(errorMessage(failure)))
  const end = failures.length === 0 ? 'everything is as before' : `undoing it failed as well: ${failures.join('; ')}`
  const exitCode = err instanceof UserError ? err.exitCode : 1
  throw new UserError(`not applied: ${errorMessage(err)}; ${end}`, exitCode, { cause: err })
}

async function refuseLockout({ relay, openPorts }: DesiredRelay): Promise<void> {
  const port = await ownSshPort()
  if (!relay.firewall || port === undefined || openPorts.includes(port)) return
  throw new UserError(`the firewall would close port ${port}, through which you are logged in: set it as admin_port`)
}

/** An sshd whose port is taken ends: the new one would be gone before the older one is back. */
async function refuseTakenPort({ desired: { relay }, changes: { frontBefore }, service }: ApplyContext): Promise<void> {
  const isRunning = await service.isRunning()
  const needed = [
    ...(isRunning && frontBefore?.port === relay.port ? [] : [relay.port]),
    ...(relay.tls && !(isRunning && frontBefore?.hasTls) ? [INNER_SSHD_PORT] : []),
  ]
  for (const port of needed) {
    if (await isFree(port)) continue
    throw new UserError(`another program here listens on port ${port}: "ss -ltnp sport = ${port}" shows which`)
  }
}

/** Writes a generation beside the existing ones, if it differs, and checks it with sshd and nft. */
async function buildGeneration(
  { desired, changes, paths, sshd, haproxy }: ApplyContext,
  undo: (() => Promise<unknown>)[],
) {
  const { generation } = changes
  const isComplete =
    changes.files.length === 0 &&
    changes.hasHostKey &&
    !changes.restoresHostKey &&
    changes.hasCertificate &&
    changes.isFleetLinked
  if (generation !== undefined && isComplete) return generation
  undo.push(() => removeIfEmpty(paths))
  await makeDirectory(paths.generations)
  const name = `${Date.now()}-${process.pid}`
  const folder = join(paths.generations, name)
  undo.push(() => rm(folder, { recursive: true, force: true }))
  await mkdir(folder, { mode: 0o755 })
  await carryOver(paths, folder, desired)
  await writeTree(folder, desired.files)
  await syncDirectory(paths.generations)
  // The configuration names the key by its path after the swap, where there may be none yet.
  await runTool(sshd, ['-t', '-f', join(folder, 'sshd_config'), '-h', join(folder, basename(paths.hostKey))])
  await checkTables(folder)
  if (haproxy !== undefined) await checkHaproxy(folder, haproxy)
  return name
}

/** Private keys are made here once and never written again: each generation has a link to the same files. */
async function carryOver(
  paths: RelayPaths,
  folder: string,
  { hostKey: restored, logins, relay }: DesiredRelay,
): Promise<void> {
  const hostKey = join(folder, basename(paths.hostKey))
  if (restored !== undefined) {
    await writeAtomically(hostKey, restored.privateKey, 0o600)
    await writeAtomically(`${hostKey}.pub`, `${restored.publicKey} oobm-relay\n`, 0o644)
  }
  for (const suffix of ['', '.pub']) {
    if (restored === undefined) await link(`${paths.hostKey}${suffix}`, `${hostKey}${suffix}`).catch(ignoreMissing)
  }
  if (!(await readFile(hostKey).catch(ignoreMissing))) {
    await runTool('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', 'oobm-relay', '-f', hostKey])
    await runTool('sync', [hostKey, `${hostKey}.pub`])
  }
  if (relay.tls) await carryCertificate(paths.certificate, join(folder, basename(paths.certificate)), relay.host)
  const hopKeys = (await readdir(join(paths.relay, 'hop_keys')).catch(ignoreMissing)) ?? []
  if (hopKeys.length > 0) await mkdir(join(folder, 'hop_keys'), { mode: 0o755 })
  for (const name of hopKeys.filter(name => logins.includes(name.replace(/\.pub$/, '')))) {
    await link(join(paths.relay, 'hop_keys', name), join(folder, 'hop_keys', name))
  }
}

/** Records what is about to be made, so that a run that is killed leaves nothing unknown. */
async function announce(
  { desired, changes, paths }: ApplyContext,
  undo: (() => Promise<unknown>)[],
): Promise<RelayState> {
  const before = changes.state
  const all = [...(before?.accounts ?? []), ...desired.accounts]
  const accounts = all.filter((a, at) => all.findIndex(b => a.name === b.name && a.uid === b.uid) === at)
  const state: RelayState = {
    version: 1,
    relay: desired.relay.name,
    accounts,
    serving: null,
    firewall: before?.firewall ?? null,
  }
  await writeState(paths, state)
  undo.push(() => (before === undefined ? unlink(paths.state) : writeState(paths, before)))
  return state
}

async function makeStateFolders({ desired, paths }: ApplyContext, undo: (() => Promise<unknown>)[]): Promise<void> {
  const ofDevices = [paths.devices, paths.enrolments]
  for (const folder of [paths.varLib, paths.maintenance, ...ofDevices]) {
    const isNew = await makeDirectory(folder, ofDevices.includes(folder) ? 0o700 : 0o755)
    if (isNew) undo.push(() => rm(folder, { recursive: true, force: true }))
  }
  const account = (await readAccounts(paths)).find(({ name }) => name === desired.relay.user)
  if (account === undefined || process.getuid?.() !== 0) return
  for (const folder of ofDevices) await chown(folder, account.uid, account.gid)
}

/** Those that are wanted. The others go last: until then they have the port. */
async function writeUnits({ desired, changes, paths }: ApplyContext, undo: (() => Promise<unknown>)[]): Promise<void> {
  const put = (path: string, text: string | undefined) =>
    text === undefined ? unlink(path).catch(ignoreMissing) : writeAtomically(path, text, 0o644)
  for (const { path, before, after } of changes.units) {
    if (after === undefined) continue
    undo.push(() => put(path, before))
    await put(path, after)
  }
  if (!desired.relay.tls || !desired.units.has(paths.tlsUnit)) return
  if (!changes.frontBefore?.hasTls) undo.push(disableHaproxy)
  await enableHaproxy()
}

/** The one step that changes everything that sshd reads. */
async function swap(
  { changes, paths }: ApplyContext,
  generation: string,
  undo: (() => Promise<unknown>)[],
): Promise<void> {
  const { generation: before } = changes
  // The path that people and other commands use; what it names changes with the rest.
  if (!changes.isFleetLinked) await replaceLink(paths.fleet, FLEET_LINK)
  if (before === undefined) undo.push(() => unlink(paths.fleet))
  undo.push(() => (before === undefined ? unlink(paths.relay) : replaceLink(paths.relay, join('generations', before))))
  await replaceLink(paths.relay, join('generations', generation))
}

async function takeFirewall(
  { desired, changes, paths }: ApplyContext,
  undo: (() => Promise<unknown>)[],
): Promise<string | null> {
  const { generation, state } = changes
  const hadOne = state?.firewall != null
  if (!desired.hasTables && !hadOne) return null
  undo.push(() =>
    hadOne && generation !== undefined ? loadTables(join(paths.generations, generation)) : deleteTables(),
  )
  return loadTables(paths.relay)
}

/** After the point of no return: removes leftovers, units and accounts that are no longer wanted. */
async function tidy({ desired, changes, paths }: ApplyContext): Promise<void> {
  const units = changes.units.filter(({ after }) => after === undefined)
  if (units.some(({ path }) => path === paths.tlsUnit)) await disableHaproxy()
  for (const { path } of units) await unlink(path).catch(ignoreMissing)
  for (const step of changes.accounts.filter(step => step.do === 'remove')) await takeAccountStep(paths, step)
  const state = await readState(paths)
  if (state !== undefined) await writeState(paths, { ...state, accounts: desired.accounts })
  for (const path of await leftoversOf(paths)) await rm(path, { recursive: true, force: true })
  await syncDirectory(paths.generations)
}

function isOfHaproxy({ path }: FileChange): boolean {
  return path === 'haproxy.cfg'
}

/** Removes the folders that a failed first run has made. */
async function removeIfEmpty(paths: RelayPaths): Promise<void> {
  for (const folder of [paths.generations, paths.etc]) await rmdir(folder).catch(() => {})
}
