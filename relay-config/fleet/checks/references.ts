/** Checks of references: what they name exists, once. */
import type { FleetSketch, Problem } from './fleet-sketch.ts'

export function* references({ relays, devices, technicians }: FleetSketch): Generator<Problem> {
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

/** A login leads to consoles that its technician has. */
export function* logins({ technicians }: FleetSketch, raw: unknown): Generator<Problem> {
  for (const [at, technician] of technicians.entries()) {
    // The sketch keeps lists only; anything else is "all", or not well formed.
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
    else if (given?.indexOf(name) !== index) yield { path: [...path, index], message: `"${name}" is listed twice` }
  }
}
