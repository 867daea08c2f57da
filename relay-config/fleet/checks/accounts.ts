/** Checks of what the accounts on relays and devices need. */
import { DEVICE_USER, INNER_SSHD_PORT } from '../fleet-schema.ts'
import { GATEWAY_TECHNICIAN } from '../host-names.ts'
import type { FleetSketch, Problem } from './fleet-sketch.ts'
import { loginNameProblem } from './login-names.ts'

export function* relayAccounts({ relays, technicians }: FleetSketch): Generator<Problem> {
  for (const [at, relay] of relays.entries()) {
    if (relay === undefined) continue
    const { accounts = 'shared', user, hostKeys, port, adminPort, tls, adminTls } = relay
    const problem = (key: string, message: string): Problem => ({ path: ['relays', at, key], message })
    if (adminTls === true && tls !== true) yield problem('adminTls', 'needs tls = true: HAProxy then has the port')
    if (accounts === 'shared') {
      if (user === undefined)
        yield problem('user', 'is missing: shared accounts are a login that the relay has already')
      if (hostKeys === undefined || (Array.isArray(hostKeys) && hostKeys.length === 0)) {
        yield problem('hostKeys', 'needs at least one key: without it, nobody could tell the relay from an impostor')
      }
      if (tls === true) yield problem('tls', 'needs accounts = "dedicated": "oobm-relay apply" sets up HAProxy there')
    } else if (accounts === 'dedicated') {
      if (port === adminPort) {
        yield problem(
          'port',
          `${port} is the admin_port too: the sshd that "oobm-relay apply" makes needs another port`,
        )
      }
      if (tls === true && [port, adminPort].includes(INNER_SSHD_PORT)) {
        const key = port === INNER_SSHD_PORT ? 'port' : 'adminPort'
        yield problem(key, `${INNER_SSHD_PORT} is the port on 127.0.0.1 of the sshd behind HAProxy: use another one`)
      }
      if (user === 'root') yield problem('user', 'cannot be root: the account is made for the devices alone')
      if (technicians.some(technician => technician?.name === (user ?? DEVICE_USER))) {
        yield problem('user', `"${user ?? DEVICE_USER}" is a technician too: on a dedicated relay each has an account`)
      }
    }
  }
}

/** A dedicated relay has an account for each technician, and a device has one for each technician with its shell. */
export function* technicianAccounts({ relays, technicians }: FleetSketch, raw: unknown): Generator<Problem> {
  const dedicated = relays.find(relay => relay?.accounts === 'dedicated')
  const owners = new Map<unknown, string>()
  for (const [at, technician] of technicians.entries()) {
    if (technician === undefined) continue
    const { name, uid } = technician
    const isGateway = name === GATEWAY_TECHNICIAN
    if (isGateway) {
      const message = `"${name}" cannot be used: the key of a device with gateway = true logs in by this name`
      yield { path: ['technicians', at, 'name'], message }
    }
    if (uid !== undefined) {
      const owner = owners.get(uid)
      if (owner !== undefined) yield { path: ['technicians', at, 'uid'], message: `${uid} is ${owner}'s already` }
      else owners.set(uid, name ?? `technician ${at + 1}`)
    }
    if (dedicated !== undefined && uid === undefined) {
      const why = `relay "${dedicated.name}" makes an account for each technician`
      yield { path: ['technicians', at, 'uid'], message: `is missing: ${why}, with a uid that never changes` }
    }
    const maker = accountMaker(dedicated?.name, (raw as { technicians: unknown[] }).technicians[at])
    const problem = maker === undefined || name === undefined || isGateway ? undefined : loginNameProblem(name)
    if (problem !== undefined)
      yield { path: ['technicians', at, 'name'], message: `${problem} (${maker} makes an account of it)` }
  }
}

/** Who makes an account for this technician; undefined when nobody does. */
function accountMaker(dedicated: string | undefined, technician: unknown): string | undefined {
  if (dedicated !== undefined) return `relay "${dedicated}"`
  // The sketch keeps lists only, and these may be "all".
  const { shells, admins } = technician as { shells?: unknown; admins?: unknown }
  const has = (devices: unknown) => devices === 'all' || (Array.isArray(devices) && devices.length > 0)
  return has(shells) || has(admins) ? 'each device whose shell is open to them' : undefined
}
