/** What belongs to one alone: names, ports, keys. */
import { RESERVED_TECHNICIANS } from '../../runtime/device-config.ts'
import { relayHost } from '../render/host-names.ts'
import type { FleetSketch, Problem } from './fleet-sketch.ts'

export function* duplicates(
  list: string,
  items: readonly ({ name?: string | undefined } | undefined)[],
): Generator<Problem> {
  const seen = new Set<string>()
  for (const [index, item] of items.entries()) {
    if (item?.name === undefined) continue
    if (seen.has(item.name)) yield { path: [list, index, 'name'], message: `"${item.name}" is there twice` }
    seen.add(item.name)
  }
}

/** Consoles and devices are host names in a technician's ssh_config: one namespace, with some names taken. */
export function* hostNames({ relays, devices }: FleetSketch): Generator<Problem> {
  const owners = new Map<string, string>()
  // Any relay may be a device's second, by which its hosts are NAME.RELAY.
  const suffixes = relays.length > 1 ? relays.flatMap(relay => relay?.name ?? []) : []
  for (const relay of relays) if (relay?.host) owners.set(relay.host.toLowerCase(), `the host of relay "${relay.name}"`)
  function* take(name: string | undefined, what: string, path: PropertyKey[]): Generator<Problem> {
    if (name === undefined) return
    const reason = reservedBecause(name)
    if (reason !== undefined) yield { path, message: `"${name}" cannot be used: ${reason}` }
    const aliases = [name, ...suffixes.map(relay => `${name}.${relay}`)]
    const taken = aliases.find(alias => owners.has(alias))
    if (taken !== undefined) {
      yield { path, message: `"${taken}" is ${owners.get(taken)} already: consoles and devices share ssh's host names` }
    }
    for (const alias of aliases) {
      if (!owners.has(alias)) owners.set(alias, alias === name ? what : `${what} by way of another relay`)
    }
  }
  for (const [at, device] of devices.entries()) {
    yield* take(device?.name, `device "${device?.name}"`, ['devices', at, 'name'])
    for (const [index, item] of (device?.consoles ?? []).entries()) {
      yield* take(item?.name, `console "${item?.name}"`, ['devices', at, 'consoles', index, 'name'])
    }
  }
}

export function* ports({ relays, devices }: FleetSketch): Generator<Problem> {
  const owners = new Map<number, string>()
  for (const relay of relays) {
    if (relay === undefined) continue
    owners.set(relay.port, `the sshd of relay "${relay.name}"`)
    if (relay.accounts === 'dedicated') owners.set(relay.adminPort, `the admin_port of relay "${relay.name}"`)
  }
  for (const [at, device] of devices.entries()) {
    if (device?.port === undefined) continue
    const pair = [device.port, device.port + 1]
    const taken = pair.find(port => owners.has(port))
    if (taken !== undefined) {
      const message = `${device.port} and ${device.port + 1} are this device's, and ${taken} is ${owners.get(taken)} already`
      yield { path: ['devices', at, 'port'], message }
    }
    for (const port of pair) if (!owners.has(port)) owners.set(port, device.name ?? `device ${at + 1}`)
  }
}

/** A key says who somebody is: two technicians cannot share one. */
export function* keys({ technicians }: FleetSketch): Generator<Problem> {
  const owners = new Map<string, string>()
  for (const [at, technician] of technicians.entries()) {
    for (const list of ['keys', 'hopKeys'] as const) {
      for (const [index, key] of (technician?.[list] ?? []).entries()) {
        if (key === undefined) continue
        const owner = owners.get(key)
        const message = `is ${owner}'s key already: a key is one person's`
        if (owner !== undefined) yield { path: ['technicians', at, list, index], message }
        else owners.set(key, technician?.name ?? `technician ${at + 1}`)
      }
    }
  }
}

/** Accounts of a device whose sessions at its console bridge go by the account's name. */
const SHARED_ACCOUNTS = ['root', 'oobm']

/** Whom the console bridges would take for somebody else. */
export function* reservedTechnicians({ technicians }: FleetSketch): Generator<Problem> {
  for (const [at, technician] of technicians.entries()) {
    if (technician?.name === undefined || ![...RESERVED_TECHNICIANS, ...SHARED_ACCOUNTS].includes(technician.name))
      continue
    const message = `"${technician.name}" cannot be used: the console bridge uses it itself`
    yield { path: ['technicians', at, 'name'], message }
  }
}

function reservedBecause(name: string): string | undefined {
  if (name.startsWith(relayHost(''))) return `names beginning with ${relayHost('')} are the relays' own`
  if (/^[0-9.]+$/.test(name)) return 'it looks like an address'
  if (name === 'localhost') return 'it is every machine’s name for itself'
  if (name === 'console') return 'the console bridge takes it for "the only console there is"'
  if (name === 'all') return 'it stands for every one'
  return undefined
}
