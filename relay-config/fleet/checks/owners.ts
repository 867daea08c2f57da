/** Checks of what can have one owner only: names, ports, keys. */
import { RESERVED_TECHNICIANS, samePaths } from '../../../formats/device-config.ts'
import { commandOf } from '../../../formats/line-path.ts'
import { listenersOf } from '../../../formats/listeners.ts'
import { spareConsoleName } from '../../../formats/usb-port.ts'
import { relayHost } from '../host-names.ts'
import type { FleetSketch, Problem } from './fleet-sketch.ts'

/** Who has something already, and where in the file. */
interface Owner {
  what: string
  path: PropertyKey[]
}

export function* duplicates(
  list: string,
  items: readonly ({ name?: string | undefined } | undefined)[],
): Generator<Problem> {
  const seen = new Map<string, PropertyKey[]>()
  for (const [index, item] of items.entries()) {
    if (item?.name === undefined) continue
    const path = [list, index, 'name']
    const also = seen.get(item.name)
    if (also === undefined) seen.set(item.name, path)
    else yield { path, message: `"${item.name}" is listed twice`, also }
  }
}

/** Consoles and devices are host names in a technician's ssh_config: one namespace, with some names taken. */
export function* hostNames({ relays, devices }: FleetSketch): Generator<Problem> {
  const owners = new Map<string, Owner>()
  // Any relay may be the second one of a device, whose hosts are then called NAME.RELAY.
  const suffixes = relays.length > 1 ? relays.flatMap(relay => relay?.name ?? []) : []
  for (const [at, relay] of relays.entries()) {
    if (!relay?.host) continue
    owners.set(relay.host.toLowerCase(), { what: `the host of relay "${relay.name}"`, path: ['relays', at, 'host'] })
  }
  function* take(name: string | undefined, what: string, path: PropertyKey[]): Generator<Problem> {
    if (name === undefined) return
    const reason = reservedBecause(name)
    if (reason !== undefined) yield { path, message: `"${name}" cannot be used: ${reason}` }
    const aliases = [name, ...suffixes.map(relay => `${name}.${relay}`)]
    const taken = aliases.find(alias => owners.has(alias))
    const owner = owners.get(taken ?? '')
    if (owner !== undefined) {
      const message = `"${taken}" is ${owner.what} already: consoles and devices share ssh's host names`
      yield { path, message, also: owner.path }
    }
    for (const alias of aliases) {
      if (!owners.has(alias)) owners.set(alias, { what: alias === name ? what : `${what} through another relay`, path })
    }
  }
  for (const [at, device] of devices.entries()) {
    yield* take(device?.name, `device "${device?.name}"`, ['devices', at, 'name'])
    for (const [index, item] of (device?.consoles ?? []).entries()) {
      yield* take(item?.name, `console "${item?.name}"`, ['devices', at, 'consoles', index, 'name'])
    }
    for (const [index, port] of (device?.sparePorts ?? []).entries()) {
      if (device?.name === undefined || port === undefined) continue
      const name = spareConsoleName(device.name, port)
      yield* take(name, `the spare port "${port}" of ${device.name}`, ['devices', at, 'sparePorts', index])
    }
  }
}

export function* ports({ relays, devices }: FleetSketch): Generator<Problem> {
  const owners = new Map<number, Owner>()
  for (const [at, relay] of relays.entries()) {
    if (relay === undefined) continue
    const own = (key: string) => ['relays', at, key]
    owners.set(relay.port, { what: `the sshd of relay "${relay.name}"`, path: own('port') })
    if (relay.accounts === 'dedicated') {
      owners.set(relay.adminPort, { what: `the admin_port of relay "${relay.name}"`, path: own('adminPort') })
    }
  }
  for (const [at, device] of devices.entries()) {
    if (device?.port === undefined) continue
    const path = ['devices', at, 'port']
    const pair = Object.values(listenersOf(device.port))
    const taken = pair.find(port => owners.has(port))
    const owner = owners.get(taken ?? 0)
    if (owner !== undefined) {
      const message = `${device.port} and ${device.port + 1} are this device's, and ${taken} is ${owner.what} already`
      yield { path, message, also: owner.path }
    }
    for (const port of pair) if (!owners.has(port)) owners.set(port, { what: device.name ?? `device ${at + 1}`, path })
  }
}

/** On one device: on another, the same path is another adapter. */
export function* paths({ devices }: FleetSketch): Generator<Problem> {
  for (const [device, { consoles } = { consoles: [] }] of devices.entries()) {
    for (const { at, first, key, message } of samePaths(consoles)) {
      const place = (console: number) => ['devices', device, 'consoles', console, key]
      yield { path: place(at), message, also: place(first) }
    }
  }
}

/** What a device runs is its root's: the fleet file only says that there is such a console. */
export function* commands({ devices }: FleetSketch): Generator<Problem> {
  for (const [device, { consoles } = { consoles: [] }] of devices.entries()) {
    for (const [at, console] of consoles.entries()) {
      if ((commandOf(console?.path) ?? '') === '') continue
      const message = 'must be "exec:" alone: root writes the command into /etc/oobm/device.toml on the device'
      yield { path: ['devices', device, 'consoles', at, 'path'], message }
    }
  }
}

/** A key identifies a person: two technicians cannot share one. */
export function* keys({ technicians }: FleetSketch): Generator<Problem> {
  const owners = new Map<string, Owner>()
  for (const [at, technician] of technicians.entries()) {
    for (const list of ['keys', 'hopKeys'] as const) {
      for (const [index, key] of (technician?.[list] ?? []).entries()) {
        if (key === undefined) continue
        const path = ['technicians', at, list, index]
        const owner = owners.get(key)
        if (owner === undefined) owners.set(key, { what: technician?.name ?? `technician ${at + 1}`, path })
        else yield { path, message: `is ${owner.what}'s key already: a key is one person's`, also: owner.path }
      }
    }
  }
}

/** Accounts of a device whose sessions at its console bridge have the name of the account. */
const SHARED_ACCOUNTS = ['root', 'oobm']

/** Names that the console bridges use themselves. */
export function* reservedTechnicians({ technicians }: FleetSketch): Generator<Problem> {
  for (const [at, technician] of technicians.entries()) {
    if (technician?.name === undefined || ![...RESERVED_TECHNICIANS, ...SHARED_ACCOUNTS].includes(technician.name))
      continue
    const message = `"${technician.name}" cannot be used: the console bridge uses it itself`
    yield { path: ['technicians', at, 'name'], message }
  }
}

function reservedBecause(name: string): string | undefined {
  if (name.startsWith(relayHost(''))) return `names that begin with ${relayHost('')} are for relays`
  if (/^[0-9.]+$/.test(name)) return 'it looks like an address'
  if (name === 'localhost') return 'every machine calls itself so'
  if (name === 'console') return 'the console bridge takes it for "the only console there is"'
  if (name === 'all') return 'it means all of them'
  return undefined
}
