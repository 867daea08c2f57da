/** What must hold between the parts of a fleet: names and ports are unique, and what is referred to exists. */
import * as z from 'zod'
import { nameSchema, portSchema, publicKeySchema } from '../runtime/names.ts'
import { relayHost } from './render/host-names.ts'

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
    relays: listOf(z.object({ name: wellFormed(nameSchema), host: wellFormed(z.string()) })),
    devices: listOf(
      z.object({
        name: wellFormed(nameSchema),
        port: wellFormed(portSchema),
        relays: names,
        consoles: listOf(z.object({ name: wellFormed(nameSchema) })),
      }),
    ),
    technicians: listOf(
      z.object({ name: wellFormed(nameSchema), keys: listOf(publicKeySchema), consoles: names, shells: names }),
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
    ...references(sketch),
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

function* ports({ devices }: Sketch): Generator<Problem> {
  const owners = new Map<number, string>()
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
    for (const [index, key] of (technician?.keys ?? []).entries()) {
      if (key === undefined) continue
      const owner = owners.get(key)
      const message = `is ${owner}'s key already: a key is one person's`
      if (owner !== undefined) yield { path: ['technicians', at, 'keys', index], message }
      else owners.set(key, technician?.name ?? `technician ${at + 1}`)
    }
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
