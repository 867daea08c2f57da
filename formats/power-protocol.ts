/** What is said over the socket of `oobm-power`: one request, as a line of JSON, then lines of JSON until the outcome. */
import * as z from 'zod'
import { nameSchema } from './names.ts'

export const POWER_ACTIONS = ['status', 'on', 'off', 'cycle'] as const
export type PowerAction = (typeof POWER_ACTIONS)[number]

/** Bytes of one line: more is no message of ours. */
export const POWER_LINE_BYTES = 65_536

const shownSchema = z.string().max(200)

export const powerRequestSchema = z.strictObject({
  version: z.literal(1),
  action: z.enum(POWER_ACTIONS),
  /** In the order in which they are switched on. */
  outlets: z.array(nameSchema).min(1).max(64),
  /** What they feed, for whoever asks meanwhile: the console, or the outlet itself. */
  target: shownSchema,
  by: shownSchema,
})
export type PowerRequest = z.output<typeof powerRequestSchema>

/** What is known of one outlet. */
export const outletStateSchema = z.object({
  name: z.string(),
  /** As the outlet itself said; `unknown` where it did not. */
  state: z.enum(['on', 'off', 'unknown']),
  /** Of an outlet that does not answer: why. */
  cause: z.string().optional(),
  /** Of an outlet that does not answer: what it said last, and how long ago. */
  last: z.object({ state: z.enum(['on', 'off']), ageS: z.number() }).optional(),
  /** Who switches it now, or what is still to be done. */
  busy: z.string().optional(),
})
export type OutletState = z.output<typeof outletStateSchema>

/**
 * Why something was not done: `refused` before anything was switched; `busy`: the same later may succeed; `failed`: an outlet
 * did not do it.
 */
export const powerTellSchema = z.discriminatedUnion('tell', [
  /** Something was done. `powered`: from now on the target has power again. */
  z.object({ tell: z.literal('step'), text: z.string(), powered: z.boolean().optional() }),
  z.object({
    tell: z.literal('over'),
    result: z.enum(['done', 'refused', 'busy', 'failed']),
    /** Unless it was done: a sentence. */
    cause: z.string(),
    outlets: z.array(outletStateSchema),
  }),
])
export type PowerTell = z.output<typeof powerTellSchema>
export type PowerOutcome = Omit<Extract<PowerTell, { tell: 'over' }>, 'tell'>

/** The socket of `oobm-power`; `$OOBM_POWER_SOCKET` in a test. */
export function powerSocketPath(env: NodeJS.ProcessEnv): string {
  return env.OOBM_POWER_SOCKET ?? '/run/oobm-power.socket'
}
