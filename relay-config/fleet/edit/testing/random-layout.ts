/** Writes a fleet as TOML in random ways: every spelling that the format allows, with comments wherever they are allowed. */
import type { Random } from '../../../testing/random.ts'

export interface FleetModel {
  devices: DeviceModel[]
  technicians: TechnicianModel[]
}

export interface DeviceModel {
  name: string
  port: number
  consoles: { name: string; path: string }[]
  led?: { pin: number }
}

export interface TechnicianModel {
  name: string
  keys: string[]
  consoles: 'all' | string[]
  shells: string[]
  login?: string[]
}

const TRICKY = ['[[devices]]', '"quoted', "it's", 'name = "d1"', '"""', '],', '#', '', 'ümlaut', '}, {', '\\']

export function randomLayout(random: Random, fleet: FleetModel): string {
  const { pick, chance, below } = random
  let comments = 0
  const comment = () => `# ${++comments} ${pick(TRICKY)}`
  const space = () => pick(['', ' ', ' ', '  ', '\t'])
  const trailing = () => (chance(0.3) ? `${space()}${comment()}` : pick(['', '', ' ']))
  const between = (): string[] =>
    Array.from({ length: pick([0, 0, 0, 1, 2]) }, () => (chance(0.5) ? `${space()}${comment()}` : pick(['', '', '  '])))
  const key = (name: string) => pick([name, name, `"${name}"`, `'${name}'`])
  const text = (value: string) => pick([`"${value}"`, `"${value}"`, `'${value}'`, `"""${value}"""`, `'''\n${value}'''`])
  const scalar = (value: string | number) => (typeof value === 'number' ? String(value) : text(value))

  /** Elements over one line or many, with a comma at the end or in front or not. */
  function array(items: string[]): string {
    if (items.length === 0) return pick(['[]', '[ ]', `[ ${comment()}\n]`])
    const endComma = chance(0.4) ? pick([',', ' ,', ', ']) : ''
    if (chance(0.5)) return `[${space()}${items.join(`${space()},${space()}`)}${endComma}${space()}]`
    const indent = pick(['', '  ', '\t'])
    if (chance(0.2)) {
      const [first, ...more] = items
      const rest = more.map(item => `${trailing()}\n${indent}, ${item}`)
      return `[\n${indent}${first}${rest.join('')}${trailing()}\n]`
    }
    const lines = items.flatMap((item, at) => [
      ...between(),
      `${indent}${item}${at < items.length - 1 ? ',' : endComma.trim()}${trailing()}`,
    ])
    return `[${trailing()}\n${[...lines, ...between()].join('\n')}\n${chance(0.1) ? comment() : ''}\n]`
  }
  const names = (list: readonly string[]) => array(list.map(text))
  const inline = (entries: [string, string][]) =>
    `{${space()}${entries.map(([name, value]) => `${key(name)}${space()}=${space()}${value}`).join(`${space()}, `)}${space()}}`
  const line = (name: string, value: string) => `${space()}${key(name)}${space()}=${space()}${value}${trailing()}`
  const header = (path: string, array = true) => {
    const keys = path
      .split('.')
      .map(key)
      .join(pick(['.', '.', ' . ']))
    return `${space()}${array ? '[[' : '['}${space()}${keys}${space()}${array ? ']]' : ']'}${trailing()}`
  }

  const consoleEntries = (it: DeviceModel['consoles'][number]): [string, string][] => [
    ['name', text(it.name)],
    ['path', text(it.path)],
  ]
  const deviceEntries = (device: DeviceModel): [string, string][] => [
    ['name', text(device.name)],
    ['port', scalar(device.port)],
  ]
  const technicianEntries = (technician: TechnicianModel): [string, string][] => [
    ['name', text(technician.name)],
    ['keys', names(technician.keys)],
    ['consoles', technician.consoles === 'all' ? text('all') : names(technician.consoles)],
    ['shells', names(technician.shells)],
    ...(technician.login ? [['login', names(technician.login)] as [string, string]] : []),
  ]
  const shuffled = <T>(items: T[]) => {
    const rest = [...items]
    return items.map(() => rest.splice(below(rest.length), 1)[0] as T)
  }
  const body = (entries: [string, string][]) =>
    shuffled(entries).flatMap(([name, value]) => [...between(), line(name, value)])

  function deviceSections(device: DeviceModel): string[][] {
    const way = pick(['tables', 'tables', 'inline'])
    const led: [string, string][] =
      device.led === undefined
        ? []
        : [chance(0.5) ? ['led.pin', String(device.led.pin)] : ['led', inline([['pin', String(device.led.pin)]])]]
    const isLedTable = device.led !== undefined && chance(0.5)
    const consoles: [string, string][] =
      way === 'inline' && (device.consoles.length > 0 || chance(0.5))
        ? [['consoles', array(device.consoles.map(it => inline(consoleEntries(it))))]]
        : []
    const own = [...deviceEntries(device), ...consoles]
    const lines = body(own)
    if (!isLedTable) for (const [name, value] of led) lines.push(`${name} = ${value}${trailing()}`)
    return [
      [...between(), header('devices'), ...lines],
      ...(isLedTable
        ? [[...between(), header('devices.led', false), ...body([['pin', String(device.led?.pin)]])]]
        : []),
      ...(way === 'inline'
        ? []
        : device.consoles.map(it => [...between(), header('devices.consoles'), ...body(consoleEntries(it))])),
    ]
  }

  const isDevicesInline = chance(0.15)
  const isTechniciansInline = chance(0.15)
  const devicesInline = () =>
    array(
      fleet.devices.map(device =>
        inline([
          ...deviceEntries(device),
          ...(device.led ? [['led', inline([['pin', String(device.led.pin)]])] as [string, string]] : []),
          ...(device.consoles.length > 0
            ? [
                ['consoles', `[${device.consoles.map(it => inline(consoleEntries(it))).join(', ')}]`] as [
                  string,
                  string,
                ],
              ]
            : []),
        ]),
      ),
    )
  const top = [
    ...body([['version', '1']]),
    ...(isDevicesInline ? [...between(), line('devices', devicesInline())] : []),
    ...(isTechniciansInline
      ? [...between(), line('technicians', array(fleet.technicians.map(it => inline(technicianEntries(it)))))]
      : []),
  ]
  const devices = isDevicesInline ? [] : fleet.devices.flatMap(deviceSections)
  const technicians = isTechniciansInline
    ? []
    : fleet.technicians.map(it => [...between(), header('technicians'), ...body(technicianEntries(it))])
  // A technician may come between a device and its consoles: the format allows it.
  const isMixed = chance(0.2)
  const sections: string[][] = []
  while (devices.length + technicians.length > 0) {
    const takesDevice = technicians.length === 0 || (devices.length > 0 && (!isMixed || chance(0.5)))
    sections.push((takesDevice ? devices : technicians).shift() as string[])
  }
  const all = [...top, ...sections.flat(), ...between()].join('\n')
  const ended = chance(0.8) ? `${all}\n` : all
  return (chance(0.1) ? '\uFEFF' : '') + (chance(0.2) ? ended.replaceAll('\n', '\r\n') : ended)
}
