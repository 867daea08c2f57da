/** `oobm-relay list`: lists what is in the fleet file, as tables or as JSON. */
import * as z from 'zod'
import { alignColumns } from '../../../cli/layout.ts'
import { consoleSchema } from '../../../formats/console-settings.ts'
import { listenersOf } from '../../../formats/listeners.ts'
import { EXIT } from '../../../runtime/errors.ts'
import { accessOf, relaysOf } from '../../fleet/access.ts'
import type { Fleet } from '../../fleet/fleet-config.ts'
import { defineCommand, withFleet } from '../command.ts'

const names = z.array(z.string())

/** What is printed of each. */
const TABLES = {
  devices: z.array(
    z.object({
      ...{ name: z.string(), ports: z.array(z.int()), relays: names, gateway: z.boolean() },
      ...{ profile: z.string(), consoles: names },
    }),
  ),
  consoles: z.array(z.object({ name: z.string(), device: z.string(), path: z.string(), baudRate: z.int() })),
  technicians: z.array(
    z.object({
      ...{ name: z.string(), role: z.string(), relayRole: z.string(), uid: z.int().optional() },
      ...{ keys: z.int(), consoles: names, shells: names },
    }),
  ),
}

export const list = defineCommand({
  summary: 'list what is in the fleet file',
  arguments: [{ choices: ['devices', 'consoles', 'technicians'], isOptional: true, help: 'list these only' }],
  options: { json: { help: 'print JSON, for scripts' } },
  json: z.union([z.object(TABLES), ...Object.values(TABLES)]),
  run: withFleet(async ({ fleet, positionals: [wanted = ''], values, print }) => {
    const tables: Record<string, readonly Row[]> = {
      devices: devicesOf(fleet),
      consoles: consolesOf(fleet),
      technicians: techniciansOf(fleet),
    }
    const only = tables[wanted]
    if (values.json) print(JSON.stringify(only ?? tables, undefined, 2))
    else if (only) for (const line of tableLines(only)) print(line)
    else printAll(tables, print)
    return EXIT.ok
  }),
})

type Row = Record<string, string | number | boolean | (string | number)[]>

function devicesOf(fleet: Fleet): Row[] {
  return fleet.devices.map(device => ({
    name: device.name,
    ports: Object.values(listenersOf(device.port)),
    relays: relaysOf(fleet, device).map(({ name }) => name),
    gateway: device.gateway,
    profile: device.profile ?? 'wired',
    consoles: device.consoles.map(({ name }) => name),
  }))
}

function consolesOf(fleet: Fleet): Row[] {
  return fleet.devices.flatMap(({ name: device, consoles }) =>
    consoles.map(console => {
      const { name, path, baudRate } = consoleSchema.parse(console)
      return { name, device, path, baudRate }
    }),
  )
}

/** What each may open; "all" is resolved to the names. */
function techniciansOf(fleet: Fleet): Row[] {
  return fleet.technicians.map(technician => {
    const access = accessOf(fleet, technician)
    return {
      name: technician.name,
      role: technician.role,
      relayRole: technician.relayRole,
      ...(technician.uid !== undefined && { uid: technician.uid }),
      keys: technician.keys.length,
      consoles: access.flatMap(({ consoles }) => consoles.map(({ name }) => name)),
      shells: access.flatMap(({ device, shell }) => (shell ? [device.name] : [])),
    }
  })
}

function printAll(tables: Record<string, readonly Row[]>, print: (line: string) => void): void {
  for (const [index, [title, rows]] of Object.entries(tables).entries()) {
    if (index > 0) print('')
    print(`${title}: ${rows.length}`)
    for (const line of tableLines(rows)) print(line)
  }
}

function tableLines(rows: readonly Row[]): string[] {
  const columns = [...new Set(rows.flatMap(row => Object.keys(row)))]
  if (columns.length === 0) return []
  return alignColumns([columns.map(heading), ...rows.map(row => columns.map(column => cell(row[column])))])
}

/** `baudRate` as `BAUD RATE` */
function heading(column: string): string {
  return column.replace(/[A-Z]/g, letter => ` ${letter}`).toUpperCase()
}

function cell(value: Row[string] | undefined): string {
  if (value === undefined || (Array.isArray(value) && value.length === 0)) return '-'
  if (typeof value === 'boolean') return value ? 'yes' : 'no'
  return Array.isArray(value) ? value.join(',') : String(value)
}
