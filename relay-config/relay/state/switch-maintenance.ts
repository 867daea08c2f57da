/** Switches access to one device: the file, the message to the device, the history, and the proof that it happened. */
import { setTimeout as delay } from 'node:timers/promises'
import { isProvedReachable } from '../../../formats/states.ts'
import { EXIT, UserError } from '../../../runtime/errors.ts'
import type { Fleet, Relay } from '../../fleet/fleet-config.ts'
import { appendHistory } from '../history.ts'
import { readReport } from './device-view.ts'
import { listeningSessions } from './listening-sessions.ts'
import { isOff, readMaintenance, writeMaintenance } from './maintenance.ts'
import { endSessions, livingSessions } from './sessions.ts'
import type { StatePaths } from './state-paths.ts'
import { tellDevice } from './tell-device.ts'

export interface Switch {
  paths: StatePaths
  device: string
  /** Its listeners on this relay. */
  ports: readonly number[]
  by: string
  reason?: string
  nowMs: number
  signal: AbortSignal
}

/** Milliseconds that a device has to report that its listeners are closed, before its connection is ended from here. */
const CONFIRM_MS = 3_000
/** Milliseconds in which a device that was switched on is expected to be proved. */
const PROOF_MS = 15_000
const PACE_MS = 50

/**
 * When it returns, no listener of the device is open.
 * @param untilMs milliseconds since 1970, or no end
 * @returns what happened, as a sentence
 */
export async function switchOff(input: Switch, untilMs: number | undefined): Promise<string> {
  const { paths, device, by, reason, nowMs } = input
  const nowS = Math.floor(nowMs / 1000)
  const until = untilMs === undefined ? null : Math.ceil(untilMs / 1000)
  const wasOff = isOff(await readMaintenance(paths, device), nowMs)
  // The file first: a device that connects now is told by it.
  await writeMaintenance(paths, device, { state: 'off', until, at: nowS, by, ...(reason !== undefined && { reason }) })
  const end = until === null ? {} : { untilS: until, nowS }
  const told = await tellDevice(paths, device, { type: 'maintenance', off: true, ...end, by })
  const to = until === null ? {} : { to: new Date(until * 1000).toISOString() }
  const why = reason === undefined ? {} : { reason }
  const problem = await appendHistory(paths, { by, event: 'Stop Remote M.', device, ...to, ...why }).catch(err => err)
  const outcome = `${await closed(input, told, wasOff)}${await endUnclaimed(input)}`
  // A full disk keeps nobody from closing a door, and is said all the same.
  if (problem !== undefined) throw problem
  return outcome
}

async function closed(input: Switch, told: boolean, wasOff: boolean): Promise<string> {
  const { paths, device, nowMs } = input
  const sessions = await livingSessions(paths, device)
  if (sessions.length === 0) return `access to ${device} is off: it is not connected, and will be told when it is`
  // Who was off already has nothing new to report.
  const sinceMs = wasOff ? 0 : nowMs
  if (told && (await reports(input, state => state === 'maintenance', CONFIRM_MS, sinceMs)))
    return `access to ${device} is off: it has closed its listeners`
  const ended = await endSessions(sessions)
  if (ended === sessions.length)
    return `access to ${device} is off: it did not confirm, so its connection to this relay was ended`
  throw new UserError(`${device} did not confirm, and its connection could not be ended: use sudo`, EXIT.failed)
}

/** A connection that listens and never claimed: software that does not claim. */
async function endUnclaimed({ ports }: Switch): Promise<string> {
  const sessions = await listeningSessions(ports)
  const ended = await endSessions(sessions)
  return ended > 0 ? '; a connection that listens for it without claiming was ended: it may come back' : ''
}

/** @param target the relay of the device's that it is to go to */
export async function switchOn(input: Switch, target: Relay | undefined): Promise<string> {
  const { paths, device, by, reason, nowMs } = input
  const relay = target && { host: target.host, port: target.port, user: target.user }
  const why = reason === undefined ? {} : { reason }
  const where = relay && `${relay.host} ${relay.port} ${relay.user}`
  const record = { at: Math.floor(nowMs / 1000), by, ...why, ...(where !== undefined && { relay: where }) }
  await writeMaintenance(paths, device, { state: 'on', until: null, ...record })
  const told = await tellDevice(paths, device, { type: 'maintenance', off: false })
  const sent = relay && told && (await tellDevice(paths, device, { type: 'relay', ...relay }))
  const note = [reason, where && `relay ${where}`].filter(part => part !== undefined).join('; ')
  await appendHistory(paths, { by, event: 'Start Remote M.', device, ...(note !== '' && { reason: note }) })
  if (!told) return `access to ${device} is on, and it is not connected: it is told when it connects`
  if (sent) return `access to ${device} is on; it was told, and to go to ${relay?.host}:${relay?.port}`
  if (await reports(input, isProvedReachable, PROOF_MS, nowMs)) return `access to ${device} is on, and proved`
  return `access to ${device} is on, and it was told; it has not reported a proof yet: see "oobm-relay status ${device}"`
}

/** Waits for a report that came after the order, with a state that is one of these. */
async function reports(
  input: Switch,
  isOne: (state: string) => boolean,
  limitMs: number,
  sinceMs: number,
): Promise<boolean> {
  const { paths, device, signal } = input
  const untilMs = performance.now() + limitMs
  while (!signal.aborted && performance.now() < untilMs) {
    const reported = await readReport(paths, device)
    if (reported && reported.atMs >= sinceMs && isOne(reported.report.state)) return true
    await delay(PACE_MS)
  }
  return false
}

/** @throws UserError for a technician whose `relay_role` does not let him; root, and whoever is not in the file, is the operator */
export function requireOperator(fleet: Fleet, by: string): void {
  const technician = fleet.technicians.find(({ name }) => name === by)
  if (technician === undefined || technician.relayRole !== 'technician') return
  const message = `${by} may not switch access: relay_role in the fleet file is "technician", not "admin" or "owner"`
  throw new UserError(message, EXIT.failed)
}
