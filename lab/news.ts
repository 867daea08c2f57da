/** What has changed between two looks at a lab, as lines that people read; pure. */
import type { ConsoleStatus } from '../formats/status-file.ts'
import type { DaemonName, DeviceLook, Look } from './look.ts'

export interface News {
  /** Milliseconds since 1970. */
  atMs: number
  text: string
}

const DAEMONS: Record<DaemonName, string> = { supervisor: 'its supervisor', bridge: 'its console bridge' }

export function newsBetween(before: Look | undefined, { devices, atMs }: Look): News[] {
  return devices.flatMap((device, index) =>
    changesOf(before?.devices[index], device).map(text => ({ atMs, text: `${device.name} ${text}` })),
  )
}

function changesOf(before: DeviceLook | undefined, now: DeviceLook): string[] {
  const daemons = Object.keys(DAEMONS) as DaemonName[]
  return [
    ...daemons.flatMap(name => daemonChange(name, before, now)),
    ...stateChange(before, now),
    ...linesOf(now).flatMap(line =>
      lineChange(
        linesOf(before).find(({ name }) => name === line.name),
        line,
      ),
    ),
  ]
}

/** The state decides: its sentence may count seconds. */
function stateChange(before: DeviceLook | undefined, { supervisor, state }: DeviceLook): string[] {
  if (!supervisor.running || state === before?.state) return []
  return [`${state}: ${supervisor.status.cause}`]
}

function daemonChange(name: DaemonName, before: DeviceLook | undefined, now: DeviceLook): string[] {
  if (before === undefined || before.pids[name] === undefined) return []
  const [was, is] = [before[name], now[name]]
  if (now.pids[name] !== before.pids[name]) return [`${DAEMONS[name]} was started again`]
  if (was.running && !is.running) return [`${DAEMONS[name]} ${is.state === 'silent' ? 'does not answer' : 'has ended'}`]
  return !was.running && is.running ? [`${DAEMONS[name]} answers again`] : []
}

type Line = ConsoleStatus['consoles'][number]

function linesOf(look: DeviceLook | undefined): readonly Line[] {
  return look?.bridge.running ? look.bridge.status.consoles : []
}

function lineChange(before: Line | undefined, now: Line): string[] {
  const was = before?.sessions.map(({ technician }) => technician) ?? []
  const is = now.sessions.map(({ technician }) => technician)
  const isOther = before !== undefined && before.state !== now.state
  return [
    ...(isOther ? [`${now.name} is ${now.state === 'open' ? 'open' : `closed: ${now.cause}`}`] : []),
    ...is.filter(name => !was.includes(name)).map(name => `${now.name}: ${name} came`),
    ...was.filter(name => !is.includes(name)).map(name => `${now.name}: ${name} left`),
  ]
}
