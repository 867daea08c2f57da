/** Checks of references: what they name exists, once. */
import { OBSERVERS_SWITCH_NOTHING } from '../../../formats/device-config.ts'
import { outletProblems } from '../../../formats/outlets.ts'
import { pinProblems } from '../../../formats/pins.ts'
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
    yield* unknown(['technicians', at, 'power'], technician?.power, consoleNames, 'console')
    yield* unknown(['technicians', at, 'shells'], technician?.shells, deviceNames, 'device')
    yield* unknown(['technicians', at, 'admins'], technician?.admins, deviceNames, 'device')
  }
}

/** A login leads to consoles that its technician has. */
export function* logins({ technicians }: FleetSketch, raw: unknown): Generator<Problem> {
  for (const [at, technician] of technicians.entries()) yield* amongTheirs(technician, at, 'login', raw)
}

/** Whoever may switch the outlets of a console may open it, and type there. */
export function* powers({ technicians }: FleetSketch, raw: unknown): Generator<Problem> {
  for (const [at, technician] of technicians.entries()) {
    const given = (raw as { technicians: { power?: unknown }[] }).technicians[at]?.power
    if (technician?.role === 'observer' && (given === 'all' || technician.power.length > 0))
      yield { path: ['technicians', at, 'power'], message: OBSERVERS_SWITCH_NOTHING }
    else yield* amongTheirs(technician, at, 'power', raw)
  }
}

/** Consoles have outlets of their own device, and each pin of it has one use. */
export function* outlets({ devices }: FleetSketch): Generator<Problem> {
  for (const [at, device] of devices.entries()) {
    if (device === undefined) continue
    for (const { path, message, also } of [...outletProblems(device), ...pinProblems(device)])
      yield { path: ['devices', at, ...path], message, ...(also && { also: ['devices', at, ...also] }) }
  }
}

function* amongTheirs(
  technician: FleetSketch['technicians'][number],
  at: number,
  list: 'login' | 'power',
  raw: unknown,
): Generator<Problem> {
  // The sketch keeps lists only; anything else is "all", or not well formed.
  const given = (raw as { technicians: { consoles?: unknown }[] }).technicians[at]?.consoles
  if (!technician || !Array.isArray(given)) return
  for (const [index, name] of technician[list].entries()) {
    if (name === undefined || technician.consoles.includes(name)) continue
    const message = `"${name}" is not among the consoles of ${technician.name ?? 'this technician'}`
    yield { path: ['technicians', at, list, index], message }
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
