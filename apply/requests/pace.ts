/** How often each kind of request is served: pure. */
import { describeDuration } from '../../cli/times.ts'
import type { RequestAnswer } from '../../formats/recovery-request.ts'
import type { Heartbeat } from '../../runtime/boot-clock.ts'

/** Milliseconds between two, whatever the interface is. */
export const PACES_MS = {
  reassociate: 60_000,
  'reload-driver': 300_000,
  'hotspot-on': 20_000,
  'hotspot-off': 5_000,
} as const

/** @returns why not yet, as a sentence */
export function whyNotYet(
  step: keyof typeof PACES_MS,
  last: RequestAnswer | undefined,
  now: Heartbeat,
): string | undefined {
  const { tried } = last ?? {}
  if (tried === undefined || tried.bootId !== now.bootId) return undefined
  const sinceMs = now.uptimeMs - tried.uptimeMs
  if (sinceMs >= PACES_MS[step]) return undefined
  return `at most one ${step} in ${describeDuration(PACES_MS[step])}: the last one was ${describeDuration(sinceMs)} ago`
}
