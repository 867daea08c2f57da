/** Fleets, and changes of them, as chance has it. */
import type { Random } from '../../../testing/random.ts'
import * as changes from '../changes.ts'
import type { Operation } from '../operations.ts'
import type { FleetModel } from './random-layout.ts'

/** What a change is to do, said a second time, on a model of the fleet and without the code that is tried. */
export interface Edit {
  what: 'add' | 'remove' | 'rename'
  operations: Operation[] | undefined
  apply(model: FleetModel): void
}

export function randomFleet(random: Random): FleetModel {
  const devices = Array.from({ length: random.below(4) }, (_, at) => ({
    name: `d${at}`,
    port: 20100 + 2 * at,
    consoles: Array.from({ length: random.below(4) }, (_, index) => ({
      name: `c${at}-${index}`,
      path: `/dev/ttyUSB${index}`,
    })),
    ...(random.chance(0.3) && { led: { pin: random.below(50) } }),
  }))
  const consoles = devices.flatMap(device => device.consoles.map(({ name }) => name))
  const some = (names: string[]) => names.filter(() => random.chance(0.5))
  const technicians = Array.from({ length: random.below(4) }, (_, at) => ({
    name: `t${at}`,
    keys: Array.from({ length: 1 + random.below(2) }, (_, index) => `ssh-ed25519 K${at}${index} t${at}@home`),
    consoles: random.chance(0.3) ? ('all' as const) : some(consoles),
    shells: some(devices.map(({ name }) => name)),
    ...(random.chance(0.4) && { login: some(consoles) }),
  }))
  return { devices, technicians }
}

/** @param serial another each time: what is new is called by it */
export function randomEdit(random: Random, fleet: unknown, model: FleetModel, serial: number): Edit {
  const fresh = `n${serial}`
  const device = random.pick(model.devices)
  const console = random.pick(model.devices.flatMap(it => it.consoles))
  const technician = random.pick(model.technicians)
  const kind = random.pick(['device', 'technician', 'console'] as const)
  const entry = { device, technician, console }[kind]
  const what = random.pick(['add', 'remove', 'rename'] as const)
  const inLists =
    (change: (names: string[]) => string[], lists: ('consoles' | 'login' | 'shells')[]) => (it: FleetModel) => {
      for (const technician of it.technicians) {
        for (const list of lists) {
          const names = technician[list]
          if (Array.isArray(names)) technician[list] = change(names)
        }
      }
    }
  if (what === 'add' || entry === undefined) {
    if (kind === 'technician') {
      const item = { name: fresh, keys: [`ssh-ed25519 ${fresh}`], consoles: ['x'], shells: [] }
      return {
        what: 'add',
        operations: changes.addTechnician(item),
        apply: it => it.technicians.push(structuredClone(item)),
      }
    }
    if (kind === 'console' && device) {
      const item = { name: fresh, path: '/dev/ttyS0' }
      const apply = (it: FleetModel) => it.devices.find(({ name }) => name === device.name)?.consoles.push({ ...item })
      return { what: 'add', operations: changes.addConsole(fleet, device.name, item), apply }
    }
    const consoles = random.chance(0.5) ? [{ name: `${fresh}-c`, path: '/dev/ttyS1' }] : []
    const item = { name: fresh, port: 30000 + 2 * serial, consoles }
    const apply = (it: FleetModel) => it.devices.push(structuredClone(item))
    return {
      what: 'add',
      operations: changes.addDevice(consoles.length > 0 ? item : { name: fresh, port: item.port }),
      apply,
    }
  }
  const { name } = entry
  if (what === 'remove') {
    const apply = (it: FleetModel) => {
      const gone = kind === 'console' ? [name] : kind === 'device' ? (device?.consoles.map(c => c.name) ?? []) : []
      inLists(names => names.filter(n => !gone.includes(n)), ['consoles', 'login'])(it)
      if (kind === 'device') inLists(names => names.filter(n => n !== name), ['shells'])(it)
      it.technicians = it.technicians.filter(t => kind !== 'technician' || t.name !== name)
      it.devices = it.devices.filter(d => kind !== 'device' || d.name !== name)
      for (const d of it.devices) d.consoles = d.consoles.filter(c => kind !== 'console' || c.name !== name)
    }
    return { what, operations: changes.remove(fleet, kind, name), apply }
  }
  const apply = (it: FleetModel) => {
    const lists = { device: ['shells'], console: ['consoles', 'login'], technician: [] } as const
    inLists(names => names.map(n => (n === name ? fresh : n)), [...lists[kind]])(it)
    const entries = { device: it.devices, technician: it.technicians, console: it.devices.flatMap(d => d.consoles) }[
      kind
    ]
    for (const one of entries) if (one.name === name) one.name = fresh
  }
  return { what, operations: changes.rename(fleet, kind, name, fresh), apply }
}
