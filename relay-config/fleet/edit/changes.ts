/** What `add`, `remove` and `rename` change in a fleet: the entry, and everything that refers to it. */
import type { Item, Operation, Path } from './operations.ts'

export type Kind = 'device' | 'technician' | 'console' | 'enrolment'

/** The names in a fleet file; only that the file is valid is known here. */
interface Names {
  devices?: { name: string; consoles?: { name: string }[] }[]
  technicians?: ({ name: string } & Record<string, unknown>)[]
  enrolments?: { name: string }[]
}

/** The lists of a technician that refer to each kind. */
const REFERENCES = {
  console: ['consoles', 'login'],
  device: ['shells', 'admins'],
  technician: [],
  enrolment: [],
} as const

export function addDevice(item: Item): Operation[] {
  return [{ kind: 'append', list: ['devices'], item }]
}

export function addTechnician(item: Item): Operation[] {
  return [{ kind: 'append', list: ['technicians'], item }]
}

export function addEnrolment(item: Item): Operation[] {
  return [{ kind: 'append', list: ['enrolments'], item }]
}

/** @returns undefined when there is no such device */
export function addConsole(fleet: unknown, device: string, item: Item): Operation[] | undefined {
  const at = ((fleet as Names).devices ?? []).findIndex(({ name }) => name === device)
  return at < 0 ? undefined : [{ kind: 'append', list: ['devices', at, 'consoles'], item }]
}

/** @returns undefined when there is no such entry */
export function remove(fleet: unknown, kind: Kind, name: string): Operation[] | undefined {
  const entry = entryOf(fleet, kind, name)
  if (!entry) return undefined
  const consoles = kind === 'device' ? consolesOf(fleet, name) : []
  const references = [
    ...referencesTo(fleet, kind, name),
    ...consoles.flatMap(console => referencesTo(fleet, 'console', console)),
  ]
  return [entry, ...references].map(({ list, index }) => ({ kind: 'remove', list, index }))
}

/** @returns undefined when there is no such entry */
export function rename(fleet: unknown, kind: Kind, oldName: string, newName: string): Operation[] | undefined {
  const entry = entryOf(fleet, kind, oldName)
  if (!entry) return undefined
  const places: Path[] = [
    [...entry.list, entry.index, 'name'],
    ...referencesTo(fleet, kind, oldName).map(({ list, index }) => [...list, index]),
  ]
  return places.map(at => ({ kind: 'replace', at, value: newName }))
}

interface Place {
  list: Path
  index: number
}

function entryOf(fleet: unknown, kind: Kind, name: string): Place | undefined {
  const { devices = [], technicians = [], enrolments = [] } = fleet as Names
  const lists: { list: Path; entries: readonly { name: string }[] }[] = {
    device: [{ list: ['devices'], entries: devices }],
    technician: [{ list: ['technicians'], entries: technicians }],
    enrolment: [{ list: ['enrolments'], entries: enrolments }],
    console: devices.map(({ consoles = [] }, at) => ({ list: ['devices', at, 'consoles'], entries: consoles })),
  }[kind]
  for (const { list, entries } of lists) {
    const index = entries.findIndex(entry => entry.name === name)
    if (index >= 0) return { list, index }
  }
  return undefined
}

function consolesOf(fleet: unknown, device: string): string[] {
  const { devices = [] } = fleet as Names
  return devices.find(({ name }) => name === device)?.consoles?.map(({ name }) => name) ?? []
}

function referencesTo(fleet: unknown, kind: Kind, name: string): Place[] {
  const { technicians = [] } = fleet as Names
  return technicians.flatMap((technician, at) =>
    REFERENCES[kind].flatMap(key => {
      const names = technician[key]
      const index = Array.isArray(names) ? names.indexOf(name) : -1
      return index < 0 ? [] : [{ list: ['technicians', at, key], index }]
    }),
  )
}
