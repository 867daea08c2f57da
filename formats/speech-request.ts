/** `oobm say` → `oobm-say`: a connection to its socket is the request, and one line of JSON is the answer. */
import * as z from 'zod'

export const speechAnswerSchema = z.discriminatedUnion('result', [
  /** Spoken to its end. */
  z.object({
    result: z.literal('spoken'),
    text: z.string(),
    card: z.string(),
    engine: z.string(),
    seconds: z.number(),
  }),
  z.object({ result: z.literal('failed'), cause: z.string() }),
])
export type SpeechAnswer = z.output<typeof speechAnswerSchema>

/** The socket of `oobm-say`, at which everybody on the device may ask; `$OOBM_SAY_SOCKET` in a test. */
export function speechSocketPath(env: NodeJS.ProcessEnv): string {
  return env.OOBM_SAY_SOCKET ?? '/run/oobm-say/request.sock'
}
