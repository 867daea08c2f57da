/** What a document makes of the settings that a device has: pure, on TOML values with keys in camelCase. */
import { keepCommands } from '../device/import/keep-commands.ts'
import { isTable, type Table } from '../device/import/merge.ts'
import type { DeviceConfig, TechnicianConfig } from '../formats/device-config.ts'
import { type Access, type ConnectivityAsWritten, identityIn, SITE_LISTS } from '../formats/settings-document.ts'
import { siteShape } from '../formats/site-config.ts'
import type { Problem } from '../formats/toml-file.ts'

/** @param access the people as a whole, and the signers where they change */
export function withAccess(before: Table, access: Pick<Access, 'technicians' | 'signers'>, serial: number): Table {
  const { technicians, signers } = access
  const settings = { ...tableOf(before.settings), serial, ...(signers !== undefined && { signers }) }
  return { ...before, technicians, settings }
}

/**
 * Everything but the people, the signers and the keys of the device; of the site and the secrets, what is named. What a board had
 * to be accepted by is gone.
 * @param name of the device: a board that waited to be accepted gets it now
 * @returns with what is wrong: no signer brings a command, as it is root's own
 */
export function withConnectivity(
  before: Table,
  connectivity: ConnectivityAsWritten,
  name: string,
): { value: Table; problems: Problem[] } {
  const { version, technicians, settings } = before
  const device = before.enrolment === undefined ? before.device : name
  const { hostKey } = tableOf(before.bridge)
  const { enrolmentKey: _, siteSecret: __, ...secrets } = tableOf(before.secrets)
  const site = Object.keys(siteShape).flatMap(key => {
    const value = siteValue(key, before[key], connectivity[key])
    return value === undefined ? [] : [[key, value]]
  })
  const combined = {
    ...connectivity,
    ...{ version, device, technicians, settings },
    bridge: { ...tableOf(connectivity.bridge), hostKey },
    secrets: { ...secrets, ...tableOf(connectivity.secrets) },
    ...Object.fromEntries(site),
  }
  return keepCommands(before, combined)
}

function siteValue(key: string, before: unknown, given: unknown): unknown {
  if (given === undefined) return before
  if (!isSiteList(key)) return { ...tableOf(before), ...tableOf(given) }
  const changes = tablesOf(given)
  const olderOf = (change: Table) =>
    tablesOf(before).find(entry => identityIn(key, entry) === identityIn(key, change)) ?? {}
  const staying = tablesOf(before).filter(entry => !changes.some(change => olderOf(change) === entry))
  const added = changes.filter(({ remove }) => remove !== true)
  return [...staying, ...added.map(entry => siteEntry(key, olderOf(entry), entry))]
}

function siteEntry(list: keyof typeof SITE_LISTS, older: Table, entry: Table): Table {
  if (list === 'wifi') return { ...entry, source: 'document' }
  if (list !== 'cellular') return entry
  // The fleet file has no secrets: they stay until a document names them, the password as long as its login does.
  const { pin, user, password } = older
  const isSameLogin = entry.user !== undefined && entry.user === user
  return {
    ...(pin !== undefined && { pin }),
    ...(isSameLogin && password !== undefined && { password }),
    ...entry,
  }
}

function isSiteList(key: string): key is keyof typeof SITE_LISTS {
  return key in SITE_LISTS
}

/**
 * The people, without what they may do at consoles that the device does not have (yet): it is theirs again with the
 * connectivity that has these consoles.
 */
export function fitToConsoles(technicians: readonly TechnicianConfig[], consoles: unknown): TechnicianConfig[] {
  const known = new Set(tablesOf(consoles).map(({ name }) => name))
  return technicians.map(technician => {
    const { consoles, viaRelay, power } = technician
    return {
      ...technician,
      ...(consoles !== undefined && { consoles: consoles.filter(name => known.has(name)) }),
      viaRelay: viaRelay.filter(name => known.has(name)),
      power: power.filter(name => known.has(name)),
    }
  })
}

/** Whether somebody has lost a right or a key: sessions that rest on it must end at once. */
export function takesSomething(before: DeviceConfig, after: DeviceConfig): boolean {
  return before.technicians.some(old => {
    const now = after.technicians.find(({ name }) => name === old.name)
    if (now === undefined) return true
    const isLess = (list: 'keys' | 'hopKeys' | 'viaRelay' | 'power') =>
      old[list].some(item => !now[list].includes(item))
    const lostConsole = (old.consoles ?? before.consoles.map(({ name }) => name)).some(
      name => now.consoles !== undefined && !now.consoles.includes(name),
    )
    return (
      isLess('keys') ||
      isLess('hopKeys') ||
      isLess('viaRelay') ||
      isLess('power') ||
      lostConsole ||
      (old.role === 'operator' && now.role === 'observer') ||
      (old.shell && !now.shell) ||
      (old.admin && !now.admin)
    )
  })
}

function tableOf(value: unknown): Table {
  return isTable(value) ? value : {}
}

function tablesOf(value: unknown): Table[] {
  return Array.isArray(value) ? value.filter(isTable) : []
}
