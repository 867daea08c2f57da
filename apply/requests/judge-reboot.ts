/** Whether the board may be rebooted because its way out is stuck: pure. A reboot that does not help does harm, so that each doubt refuses it. */
import { describeDuration } from '../../cli/times.ts'
import type { Reading } from '../../device/daemons/read-daemon.ts'
import type { Reboots } from '../../formats/recovery-request.ts'
import { isProvedReachable } from '../../formats/states.ts'
import type { ConsoleStatus, SupervisorStatus } from '../../formats/status-file.ts'
import type { Heartbeat } from '../../runtime/boot-clock.ts'

/** Milliseconds between two reboots, and after any other start. */
export const REBOOT_PACE_MS = 6 * 3_600_000

export interface RebootFacts {
  /** `[recovery] reboot = false`. */
  isSwitchedOff: boolean
  supervisor: Reading<SupervisorStatus>
  bridge: Reading<ConsoleStatus>
  /** Who is logged in to this device, by its processes. */
  loggedIn: readonly string[]
  /** What must not be interrupted. */
  busy: string | undefined
  now: Heartbeat
  last: Reboots['last']
}

/** @returns why not, as a sentence; undefined when it may be rebooted */
export function whyNoReboot({
  isSwitchedOff,
  supervisor,
  bridge,
  loggedIn,
  busy,
  now,
  last,
}: RebootFacts): string | undefined {
  if (isSwitchedOff) return 'reboots are switched off: [recovery] reboot = false'
  // Nobody else asks for it.
  if (!supervisor.running) return `nobody can tell whether the way out is stuck: ${supervisor.problem}`
  const { state, relay, sessions } = supervisor.status
  if (isProvedReachable(state)) return `the way in is proved: the state is ${state}`
  if (relay !== null) return `the device is connected to ${relay.host}:${relay.port}, so that its way out works`
  if (loggedIn.length > 0) return `somebody is in: ${loggedIn.join(', ')}`
  if (sessions.shell + sessions.console > 0) return 'somebody is in, through the tunnel'
  if (!bridge.running && bridge.state !== 'gone')
    return `nobody can tell whether somebody is on a console: ${bridge.problem}`
  const busyConsole = bridge.running ? bridge.status.consoles.find(one => one.sessions.length > 0) : undefined
  if (busyConsole !== undefined) return `somebody is on the console ${busyConsole.name}`
  if (busy !== undefined) return busy
  return tooSoon(now, last)
}

/**
 * There may be no clock, and nobody knows how long a board was off. What is sure is the time since its start; that of an
 * earlier boot only adds to it.
 */
function tooSoon({ bootId, uptimeMs }: Heartbeat, last: Reboots['last']): string | undefined {
  const sinceMs = last?.at.bootId === bootId ? uptimeMs - last.at.uptimeMs : uptimeMs
  if (last === null || sinceMs >= REBOOT_PACE_MS) return undefined
  const what = last.at.bootId === bootId ? 'the last one was asked for' : 'after the last one the board started'
  return `at most one reboot in ${describeDuration(REBOOT_PACE_MS)}: ${what} ${describeDuration(Math.max(0, sinceMs))} ago`
}
