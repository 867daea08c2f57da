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

/** Milliseconds in which a device must report that its listeners are closed; then the relay ends its connection. */
const CONFIRM_MS = 3_000
/** Milliseconds to wait for the proof of a device that was switched on. */
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
  // The file first: a device that connects now reads it there.
  await writeMaintenance(paths, device, { state: 'off', until, at: nowS, by, ...(reason !== undefined && { reason }) })
  const end = until === null ? {} : { untilS: until, nowS }
  // Whoever cannot tell it must end its connection.
  const told = await tellDevice(paths, device, { type: 'maintenance', off: true, ...end, by }).catch(() => false)
  const to = until === null ? {} : { to: new Date(until * 1000).toISOString() }
  const why = reason === undefined ? {} : { reason }
  const problem = await appendHistory(paths, { by, event: 'Stop Remote M.', device, ...to, ...why }).catch(err => err)
  const outcome = `${await closed(input, told, wasOff)}${await endUnclaimed(input)}`
  // A full disk does not prevent switching off, but is reported.
  if (problem !== undefined) throw problem
  return outcome
}

async function closed(input: Switch, told: boolean, wasOff: boolean): Promise<string> {
  const { paths, device, nowMs } = input
  const sessions = await livingSessions(paths, device)
  if (sessions.length === 0)
    return `access to ${device} is off: the device is not connected, and gets the message when it connects`
  // A device that was off already does not report again.
  const sinceMs = wasOff ? 0 : nowMs
  if (told && (await reports(input, state => state === 'maintenance', CONFIRM_MS, sinceMs)))
    return `access to ${device} is off: the device has closed its listeners`
  const ended = await endSessions(sessions)
  if (ended === sessions.length)
    return `access to ${device} is off: the device did not confirm, so the relay ended its connection`
  throw new UserError(`${device} did not confirm, and this user cannot end its connection: use sudo`, EXIT.failed)
}

/** A connection that listens and never claimed: software that does not claim. */
async function endUnclaimed({ ports }: Switch): Promise<string> {
  const sessions = await listeningSessions(ports)
  const ended = await endSessions(sessions)
  return ended > 0 ? '; a connection that listened for it without a claim was ended, and may come back' : ''
}

/** @param target the relay of the device that it must go to */
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
  if (!told) return `access to ${device} is on: the device is not connected, and gets the message when it connects`
  if (sent) return `access to ${device} is on: the device was told to go to ${relay?.host}:${relay?.port}`
  if (await reports(input, isProvedReachable, PROOF_MS, nowMs)) return `access to ${device} is on: the device is proved`
  return `access to ${device} is on: the device was told, but has not reported a proof yet; see "oobm-relay status ${device}"`
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

/** @throws UserError for a technician whose `relay_role` does not allow it; root, and everybody who is not in the file, is an operator */
export function requireOperator(fleet: Fleet, by: string): void {
  const technician = fleet.technicians.find(({ name }) => name === by)
  if (technician === undefined || technician.relayRole !== 'technician') return
  const message = `${by} may not switch access: relay_role in the fleet file is "technician", not "admin" or "owner"`
  throw new UserError(message, EXIT.failed)
}
