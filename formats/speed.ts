/** `oobm doctor --speed`: what is asked of the supervisor, its limits, and what it answers in `speed.json` beside its status. */
import { join } from 'node:path'
import * as z from 'zod'

/** Of each direction. The relay has the same bound on bytes: SPEED_BYTES of oobm-device-command. */
export const SPEED_LIMITS = {
  bytes: 16_777_216,
  ms: 5_000,
  /** Milliseconds for which the tunnel beside it may stay without an answer, before the measurement is given up. */
  tunnelMs: 3_000,
} as const

const direction = z.object({
  /** Kilobits a second, when it had settled; null where too little passed to tell. */
  kbit: z.int().nullable(),
  bytes: z.int(),
  ms: z.int(),
  /** The longest round trip in the tunnel meanwhile; null where none ended. */
  tunnelMs: z.int().nullable(),
  /** Of one processor, used by the supervisor meanwhile. */
  cpuPercent: z.int(),
  /** Kilobits a second that others moved over the same interface meanwhile; null where the kernel does not say. */
  othersKbit: z.int().nullable(),
})

export const speedResultSchema = z.object({
  version: z.literal(1),
  /** The request that it answers. */
  asked: z.string(),
  /** The interface; null where nobody knows it. */
  uplink: z.string().nullable(),
  /** `host:port`. */
  relay: z.string(),
  outcome: z.discriminatedUnion('kind', [
    z.object({
      kind: z.literal('measured'),
      /** Of a round trip in the tunnel before. */
      idleMs: z.int(),
      up: direction,
      down: direction,
    }),
    /** `metered`: it is paid by the byte, and that was not agreed to. */
    z.object({ kind: z.enum(['metered', 'no-tunnel', 'old-relay', 'failed']), cause: z.string() }),
  ]),
})

export type SpeedResult = z.output<typeof speedResultSchema>
export type SpeedDirection = z.output<typeof direction>

/** Of the supervisor's runtime directory. */
export function speedResultPath(runtimeDirectory: string): string {
  return join(runtimeDirectory, 'speed.json')
}

export function formatSpeedRequest(asked: string, mayCost: boolean): string {
  return mayCost ? `${asked} metered` : asked
}

/** @returns undefined for what is no request */
export function parseSpeedRequest(text: string): { asked: string; mayCost: boolean } | undefined {
  const match = /^([0-9a-f]{16})( metered)?$/.exec(text)
  return match?.[1] === undefined ? undefined : { asked: match[1], mayCost: match[2] !== undefined }
}
