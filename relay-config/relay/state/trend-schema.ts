/** What `oobm-relay trend --json` prints: read by the desk from relays, and by other programs. */
import * as z from 'zod'

const atMs = z.number().meta({ description: 'milliseconds since 1970, by the relay’s clock' })

export const trendSchema = z.object({
  device: z.string(),
  nowMs: atMs,
  points: z
    .array(
      z.object({
        atMs,
        state: z.string().max(20).meta({ description: 'of the device; away once its connection has ended' }),
        probeMs: z.number().optional().meta({ description: 'the last round trip through its tunnel' }),
        isOwn: z.boolean().optional().meta({ description: 'from the device’s own list of changes' }),
        cause: z.string().max(400).optional(),
      }),
    )
    .max(4_096),
  outages: z.array(
    z.object({
      fromMs: atMs,
      toMs: atMs.optional().meta({ description: 'missing while it lasts' }),
      state: z.string().max(20),
      cause: z.string().max(400),
      isHealed: z.boolean().meta({ description: 'it ended with a proof, and not because access was switched off' }),
    }),
  ),
})
