/** What a device says of itself before and after an upgrade, and what follows from it; pure. */
import { printable } from '../../../runtime/printable.ts'
import { MARK } from './device-scripts.ts'
import type { Package } from './packages.ts'

export interface DeviceState {
  /** Of this start: another one says that the device started anew. */
  boot: string
  architecture: string
  /** Room for the files, in KiB. */
  freeKib: number
  /** Bytes of each file that is there, by its SHA-256. */
  files: ReadonlyMap<string, number>
  /** The version of each installed package, by its name. */
  versions: ReadonlyMap<string, string>
  /** Why `oobm upgrade` does not work there; undefined where it does. */
  unable: string | undefined
  /** Undefined where the data partition is well. */
  lost: boolean
  /** A system that runs on trial. */
  isOnTrial: boolean
  /** A system that starts next. */
  isNext: boolean
  /** One that is being made. */
  isMaking: boolean
  hasSettingsTrial: boolean
  /** The system that did not prove itself before this start. */
  fallen: string | undefined
  /** MiB that there are and that an upgrade needs, without its files. */
  room: { free: number; needed: number } | undefined
  lastLogLine: string
}

/** @returns undefined for an answer that is not whole */
export function parseState(said: string): DeviceState | undefined {
  const lines = said.split('\n').flatMap(line => (line.startsWith(MARK) ? [line.slice(MARK.length).trim()] : []))
  const all = (word: string) =>
    lines.flatMap(line => (line.startsWith(`${word} `) ? [line.slice(word.length + 1).trim()] : []))
  const [boot] = all('boot')
  const [architecture] = all('architecture')
  const [code] = all('code')
  if (boot === undefined || architecture === undefined || code === undefined) return undefined
  const state = new Map(all('state').map(line => splitOnce(line)))
  const number = (text = '') => (/^\d+$/.test(text) ? Number(text) : undefined)
  const free = number(state.get('free_mib'))
  const needed = number(state.get('needed_mib'))
  return {
    ...{ boot, architecture: printable(architecture, 20) },
    freeKib: number(all('free_kib')[0]) ?? 0,
    files: new Map(
      all('file')
        .map(line => splitOnce(line))
        .map(([sum, size]) => [sum, number(size) ?? 0]),
    ),
    versions: new Map(
      all('package').flatMap(line => {
        const [name = '', version = '', status] = line.split(' ')
        return status === 'installed' ? [[name, printable(version, 60)] as const] : []
      }),
    ),
    unable: code === '0' ? undefined : whyUnable(code, all('state')),
    lost: state.get('data') === 'lost',
    isOnTrial: state.has('trial'),
    isNext: state.has('next'),
    isMaking: state.has('making'),
    hasSettingsTrial: state.has('settings-trial'),
    fallen: state.get('fallen'),
    room: free === undefined || needed === undefined ? undefined : { free, needed },
    lastLogLine: printable(state.get('log') ?? ''),
  }
}

function whyUnable(code: string, lines: readonly string[]): string {
  // Before there was --state, it was an unknown option.
  if (code === '64')
    return 'its software is older than upgrades from afar: copy the package there and run "sudo oobm upgrade FILE" once, or flash a newer image'
  return printable(lines.at(-1) ?? '', 300)
}

function splitOnce(line: string): [string, string] {
  const at = line.indexOf(' ')
  return at < 0 ? [line, ''] : [line.slice(0, at), line.slice(at + 1)]
}

/** Whether the device runs these packages already, and nothing else is decided there. */
export function isDone(state: DeviceState, packages: readonly Package[]): boolean {
  return !isUnderWay(state) && hasAll(state, packages)
}

/** An upgrade that somebody began before, perhaps an earlier run of this. */
export function isUnderWay({ isOnTrial, isNext, isMaking }: DeviceState): boolean {
  return isOnTrial || isNext || isMaking
}

function hasAll({ versions }: DeviceState, packages: readonly Package[]): boolean {
  return packages.every(({ name, version }) => versions.get(name) === version)
}

const MIB = 1_048_576
/** The device's own rule (make-generation), and the copy that waits. */
const TIMES_ITS_SIZE = 5

/** Why the device cannot take an upgrade now; undefined where it can. */
export function whyNot(state: DeviceState, packages: readonly Package[]): string | undefined {
  if (state.unable !== undefined) return state.unable
  if (state.lost) return 'its data partition cannot be used, so an upgrade would not be kept: replace the card'
  if (state.hasSettingsTrial)
    return 'settings from afar are on trial there: try again when "oobm settings" says how it ended'
  const bytes = packages.reduce((sum, one) => sum + one.bytes, 0)
  const missing = packages.reduce((sum, one) => sum + Math.max(0, one.bytes - (state.files.get(one.sha256) ?? 0)), 0)
  const needsMib = (state.room?.needed ?? 0) + Math.ceil((TIMES_ITS_SIZE * bytes) / MIB)
  const freeMib = Math.min(state.room?.free ?? Number.POSITIVE_INFINITY, Math.floor(state.freeKib / 1024))
  if (state.room !== undefined && state.room.free < needsMib)
    return `its card has ${freeMib} MiB free, and ${needsMib} MiB may be needed: delete files in /data, or use a larger card`
  if (state.freeKib * 1024 < missing + MIB)
    return `its home has ${state.freeKib} KiB free, and the files need ${Math.ceil(missing / 1024) + 1024} KiB: delete files there`
  return undefined
}

/** How an upgrade stands that was started at another start of the device, or at this one. */
export type Standing =
  | { kind: 'making' }
  | { kind: 'restarting' }
  | { kind: 'on trial' }
  | { kind: 'done' }
  | { kind: 'failed'; reason: string }

/**
 * @param before what the device said when the upgrade was asked for
 */
export function standingOf(state: DeviceState, before: DeviceState, packages: readonly Package[]): Standing {
  if (state.isMaking) return { kind: 'making' }
  if (state.isNext) return { kind: 'restarting' }
  if (state.isOnTrial) return { kind: 'on trial' }
  const isNewStart = state.boot !== before.boot
  if (isNewStart && state.fallen !== undefined) {
    const advice = 'it runs the previous system again; see "oobm doctor" and /data/system/upgrade.log there'
    return { kind: 'failed', reason: `the new system did not prove itself within 15 min: ${advice}` }
  }
  if (hasAll(state, packages) && (isNewStart || before.isOnTrial)) return { kind: 'done' }
  if (!isNewStart) return { kind: 'failed', reason: `nothing was changed: ${state.lastLogLine || 'its log is empty'}` }
  return { kind: 'failed', reason: 'it started again, and has neither the new packages nor a trial' }
}
