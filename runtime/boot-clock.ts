/** Time since the boot of this machine: what two processes on it can compare, whatever the wall clock does. */
import { readFileSync } from 'node:fs'
import { uptime } from 'node:os'
import * as z from 'zod'

/** A sign of life in a status file: which boot, and how far into it. */
export const heartbeatSchema = z.object({
  /** /proc/sys/kernel/random/boot_id (random(4)). */
  bootId: z.string(),
  /** Milliseconds since the boot, suspended time included (/proc/uptime, proc(5)). */
  uptimeMs: z.int(),
})

export type Heartbeat = z.output<typeof heartbeatSchema>

/** Milliseconds between two heartbeats of a daemon. */
export const HEARTBEAT_MS = 5_000
/** Milliseconds without one after which a reader says that the daemon does not answer: three were missed. */
export const HEARTBEAT_MAX_AGE_MS = 3 * HEARTBEAT_MS

/** Read once, as it is one for the life of a process. */
let bootId: string | undefined

/**
 * From the second call on it needs no descriptor: uptime() falls back to the clock itself, in whole seconds then.
 * @throws a system error where /proc is not mounted
 */
export function heartbeatNow(): Heartbeat {
  bootId ??= readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
  return { bootId, uptimeMs: Math.round(uptime() * 1000) }
}

/** Milliseconds for which a daemon has been silent; Infinity when it spoke in another boot. */
export function silentForMs(last: Heartbeat, now: Heartbeat): number {
  return last.bootId === now.bootId ? Math.max(0, now.uptimeMs - last.uptimeMs) : Number.POSITIVE_INFINITY
}
