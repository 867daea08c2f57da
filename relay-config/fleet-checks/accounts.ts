/** What the accounts of a relay demand of the fleet. */
import { userSchema } from '../../runtime/names.ts'
import { GATEWAY_TECHNICIAN } from '../render/host-names.ts'
import type { FleetSketch, Problem } from './fleet-sketch.ts'

export function* relayAccounts({ relays, technicians }: FleetSketch): Generator<Problem> {
  for (const [at, relay] of relays.entries()) {
    if (relay === undefined) continue
    const { accounts = 'shared', user, hostKeys, port, adminPort } = relay
    const problem = (key: string, message: string): Problem => ({ path: ['relays', at, key], message })
    if (accounts === 'shared') {
      if (user === undefined)
        yield problem('user', 'is missing: shared accounts are a login that the relay has already')
      if (hostKeys === undefined || (Array.isArray(hostKeys) && hostKeys.length === 0)) {
        yield problem('hostKeys', 'needs at least one key: the relay is never trusted unseen')
      }
    } else if (accounts === 'dedicated') {
      if (port === adminPort) {
        yield problem('port', `${port} is the admin_port too: the sshd of our own needs a port of its own`)
      }
      if (user === 'root') yield problem('user', 'cannot be root: the account is made for the devices alone')
      if (technicians.some(technician => technician?.name === (user ?? 'oobm-device'))) {
        yield problem(
          'user',
          `"${user ?? 'oobm-device'}" is a technician too: on a dedicated relay each has an account`,
        )
      }
    }
  }
}

/** A dedicated relay has an account for each technician. */
export function* technicianAccounts({ relays, technicians }: FleetSketch): Generator<Problem> {
  const dedicated = relays.find(relay => relay?.accounts === 'dedicated')
  const owners = new Map<unknown, string>()
  for (const [at, technician] of technicians.entries()) {
    if (technician === undefined) continue
    const { name, uid } = technician
    if (name === GATEWAY_TECHNICIAN) {
      const message = `"${name}" cannot be used: it is who comes with the own key of a device with gateway = true`
      yield { path: ['technicians', at, 'name'], message }
    }
    if (uid !== undefined) {
      const owner = owners.get(uid)
      if (owner !== undefined) yield { path: ['technicians', at, 'uid'], message: `${uid} is ${owner}'s already` }
      else owners.set(uid, name ?? `technician ${at + 1}`)
    }
    if (dedicated === undefined) continue
    const why = `relay "${dedicated.name}" makes an account for each technician`
    if (uid === undefined) {
      yield { path: ['technicians', at, 'uid'], message: `is missing: ${why}, with a uid that never changes` }
    }
    if (name !== undefined && (name === 'root' || !userSchema.safeParse(name).success)) {
      const message = `"${name}" cannot be a login name: ${why}; a-z 0-9 _ - and no digit in front`
      yield { path: ['technicians', at, 'name'], message }
    }
  }
}
