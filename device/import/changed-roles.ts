/** Wired ports whose role a new file changes, as sentences: a file that is imported by hand changes no network before the next start; pure. */
import type { Site } from '../../formats/site-config.ts'
import { isTable, type Table } from './merge.ts'

/** @param before the settings as they are stored; undefined where there are none */
export function changedRoles(before: Table | undefined, { interfaces }: Pick<Site, 'interfaces'>): string[] {
  const were = new Map(entriesOf(before).map(({ name, role }) => [name, roleText(role)]))
  const are = new Map(interfaces.map(({ name, role }) => [name, roleText(role)]))
  return [...new Set([...were.keys(), ...are.keys()])].flatMap(name => {
    const [was, is] = [were.get(name) ?? CLIENT, are.get(name) ?? CLIENT]
    if (was === is) return []
    return [`${name} has the role ${is} from the next start of the board on, and ${was} until then: sudo reboot`]
  })
}

/** What a port without an entry is. */
const CLIENT = 'client'

function roleText(role: unknown): string {
  return typeof role === 'string' ? role : CLIENT
}

function entriesOf(before: Table | undefined): { name: string; role: unknown }[] {
  const list = before?.interfaces
  if (!Array.isArray(list)) return []
  return list.flatMap(entry =>
    isTable(entry) && typeof entry.name === 'string' ? [{ name: entry.name, role: entry.role }] : [],
  )
}
