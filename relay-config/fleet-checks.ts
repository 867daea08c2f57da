/** What must hold between the parts of a fleet: names and ports are unique, and what is referred to exists. */
import * as z from 'zod'
import { RESERVED_TECHNICIANS } from '../runtime/device-config.ts'
import { nameSchema, portSchema, publicKeySchema, userSchema } from '../runtime/names.ts'
import { GATEWAY_TECHNICIAN, relayHost } from './render/host-names.ts'

export interface Problem {
  path: PropertyKey[]
  message: string
}

const wellFormed = <T extends z.ZodType>(schema: T) => schema.optional().catch(undefined)
const listOf = <T extends z.ZodType>(item: T) => z.array(wellFormed(item)).catch([])
const names = listOf(nameSchema)

/** Takes anything, and keeps what is well formed at its place: the errors of the rest are the shape's to report. */
const lenient = z
  .object({
    relays: listOf(
      z.object({
        name: wellFormed(nameSchema),
        host: wellFormed(z.string()),
        port: portSchema.default(443).catch(443),
        adminPort: portSchema.default(22).catch(22),
        accounts: z.unknown().optional(),
        user: z.unknown().optional(),
        hostKeys: z.unknown().optional(),
      }),
    ),
    devices: listOf(
      z.object({
        name: wellFormed(nameSchema),
        port: wellFormed(portSchema),
        relays: names,
        consoles: listOf(z.object({ name: wellFormed(nameSchema) })),
      }),
    ),
    technicians: listOf(
      z.object({
        name: wellFormed(nameSchema),
        keys: listOf(publicKeySchema),
        hopKeys: listOf(publicKeySchema),
        consoles: names,
        shells: names,
        admins: names,
        login: names,
        uid: z.unknown().optional(),
      }),
    ),
  })
  .catch({ relays: [], devices: [], technicians: [] })

type Sketch = z.output<typeof lenient>

/** Looks at a fleet before it is known to be well formed. */
export function crossCheck(raw: unknown): Problem[] {
  const sketch = lenient.parse(raw)
  return [
    ...duplicates('relays', sketch.relays),
    ...duplicates('technicians', sketch.technicians),
    ...hostNames(sketch),
    ...ports(sketch),
    ...keys(sketch),
    ...reservedTechnicians(sketch),
    ...references(sketch),
    ...relayAccounts(sketch),
    ...technicianAccounts(sketch),
    ...logins(sketch, raw),
  ]
}

function* duplicates(list: string, items: readonly ({ name?: string | undefined } | undefined)[]): Generator<Problem> {
  const seen = new Set<string>()
  for (const [index, item] of items.entries()) {
    if (item?.name === undefined) continue
    if (seen.has(item.name)) yield { path: [list, index, 'name'], message: `"${item.name}" is there twice` }
    seen.add(item.name)
  }
}

/** Consoles and devices are host names in a technician's ssh_config: one namespace, with some names taken. */
function* hostNames({ relays, devices }: Sketch): Generator<Problem> {
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

function reservedBecause(name: string): string | undefined {
  if (name.startsWith(relayHost(''))) return `names beginning with ${relayHost('')} are the relays' own`
  if (/^[0-9.]+$/.test(name)) return 'it looks like an address'
  if (name === 'localhost') return 'it is every machine’s name for itself'
  if (name === 'console') return 'the console bridge takes it for "the only console there is"'
  if (name === 'all') return 'it stands for every one'
  return undefined
}

function* ports({ relays, devices }: Sketch): Generator<Problem> {
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
function* keys({ technicians }: Sketch): Generator<Problem> {
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

/** Whom the console bridges would take for somebody else. */
function* reservedTechnicians({ technicians }: Sketch): Generator<Problem> {
  for (const [at, technician] of technicians.entries()) {
    if (technician?.name === undefined || !RESERVED_TECHNICIANS.includes(technician.name)) continue
    const message = `"${technician.name}" cannot be used: the console bridge uses it itself`
    yield { path: ['technicians', at, 'name'], message }
  }
}

function* references({ relays, devices, technicians }: Sketch): Generator<Problem> {
  const relayNames = relays.map(relay => relay?.name)
  const deviceNames = devices.map(device => device?.name)
  const consoleNames = devices.flatMap(device => device?.consoles.map(item => item?.name))
  for (const [at, device] of devices.entries()) {
    yield* unknown(['devices', at, 'relays'], device?.relays, relayNames, 'relay')
  }
  for (const [at, technician] of technicians.entries()) {
    yield* unknown(['technicians', at, 'consoles'], technician?.consoles, consoleNames, 'console')
    yield* unknown(['technicians', at, 'shells'], technician?.shells, deviceNames, 'device')
    yield* unknown(['technicians', at, 'admins'], technician?.admins, deviceNames, 'device')
  }
}

function* relayAccounts({ relays, technicians }: Sketch): Generator<Problem> {
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
function* technicianAccounts({ relays, technicians }: Sketch): Generator<Problem> {
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

/** A login leads to consoles that its technician has. */
function* logins({ technicians }: Sketch, raw: unknown): Generator<Problem> {
  for (const [at, technician] of technicians.entries()) {
    // The sketch keeps lists alone; what is not a list is "all", or not well formed.
    const given = (raw as { technicians: { consoles?: unknown }[] }).technicians[at]?.consoles
    if (!technician || !Array.isArray(given)) continue
    for (const [index, name] of technician.login.entries()) {
      if (name === undefined || technician.consoles.includes(name)) continue
      const message = `"${name}" is not among the consoles of ${technician.name ?? 'this technician'}`
      yield { path: ['technicians', at, 'login', index], message }
    }
  }
}

function* unknown(
  path: PropertyKey[],
  given: readonly (string | undefined)[] | undefined,
  known: readonly (string | undefined)[],
  what: string,
): Generator<Problem> {
  for (const [index, name] of (given ?? []).entries()) {
    if (name === undefined) continue
    if (!known.includes(name)) yield { path: [...path, index], message: `"${name}" is not a ${what} of this fleet` }
    else if (given?.indexOf(name) !== index) yield { path: [...path, index], message: `"${name}" is there twice` }
  }
}
