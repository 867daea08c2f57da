/** `--at 02:00`: the next time that this machine's own clock shows it. */
import { usageError } from '../../../cli/command.ts'
import type { Clock } from '../../../runtime/clock.ts'
import { EXIT, UserError } from '../../../runtime/errors.ts'

/** Milliseconds; short, so that a machine that slept notices the time soon after. */
const LOOK_MS = 15_000
/** Milliseconds after which the time counts as missed: a night's window must not become a morning's. */
const LATE_MS = 30 * 60_000

/** @returns milliseconds since 1970. @throws UsageError */
export function nextTime(text: string, nowMs: number): number {
  const [, hours, minutes] = /^([01]\d|2[0-3]):([0-5]\d)$/.exec(text) ?? usageError('--at takes a time such as 02:00')
  const at = new Date(nowMs)
  at.setHours(Number(hours), Number(minutes), 0, 0)
  if (at.getTime() <= nowMs) at.setDate(at.getDate() + 1)
  return at.getTime()
}

/** `2026-11-27 02:00 (GMT+1)` */
export function describeTime(ms: number): string {
  const at = new Date(ms)
  const two = (number: number) => String(number).padStart(2, '0')
  const zone = new Intl.DateTimeFormat('en', { timeZoneName: 'short' }).formatToParts(at)
  const name = zone.find(({ type }) => type === 'timeZoneName')?.value ?? ''
  const day = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`
  return `${day} ${two(at.getHours())}:${two(at.getMinutes())} (${name})`
}

/**
 * Also ends when aborted.
 * @throws UserError where the machine slept over it
 */
export async function untilTime(atMs: number, clock: Clock, signal: AbortSignal): Promise<void> {
  while (!signal.aborted && clock.wallMs() < atMs) await clock.sleep(Math.min(LOOK_MS, atMs - clock.wallMs()), signal)
  if (signal.aborted || clock.wallMs() - atMs < LATE_MS) return
  const advice = 'keep it awake, for example with "systemd-inhibit --what=sleep", or run this on a server'
  throw new UserError(
    `this machine was asleep at ${describeTime(atMs)}, and nothing was installed: ${advice}`,
    EXIT.failed,
  )
}
