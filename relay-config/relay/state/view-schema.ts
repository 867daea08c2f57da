/** What `oobm-relay status --json` prints of a device: read by the operator's machine from relays, and by other programs. */
import * as z from 'zod'
import { deviceReportSchema } from '../../../formats/control-protocol.ts'
import { nameSchema } from '../../../formats/names.ts'
import { maintenanceSchema } from './maintenance.ts'

export const viewSchema = z.object({
  device: nameSchema,
  connected: z.boolean(),
  heard: z.union([z.object({ silentMs: z.number() }), z.object({ unknown: z.string().max(200) })]).optional(),
  pace: z.object({ pingMs: z.number().positive(), reportMs: z.number().positive() }),
  report: deviceReportSchema.optional(),
  reportedAtMs: z.number().optional(),
  maintenance: maintenanceSchema.optional(),
  off: z.boolean(),
  state: z.string().max(40),
  provedAtMs: z.number().optional(),
  sinceMs: z.number().optional(),
  /** The relay's clock, in milliseconds since 1970; missing in an older version. */
  nowMs: z.number().optional(),
})

/** As it is printed: `word` is an earlier name of `state`, and the rest is there where several relays were asked. */
export const printedViewSchema = viewSchema.extend({
  word: z.string(),
  nowMs: z.number(),
  relay: z.string().nullable().optional(),
  elsewhere: z.array(z.object({ relay: z.string(), state: z.string() })).optional(),
  offAt: z.array(z.string()).optional(),
})
