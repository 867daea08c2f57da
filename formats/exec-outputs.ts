/** What `ssh core-sw1 COMMAND --json` and `oobm console COMMAND --json` print, beside the table of exec-commands.ts, which pages of a browser read, too. */
import * as z from 'zod'
import { consoleStatusSchema, toldAlertSchema } from './status-file.ts'

/** Milliseconds since 1970. */
const instant = z.int()

/** By the name of the command; `run` prints such an object for each line that it sends. */
export const EXEC_OUTPUTS = {
  run: z.object({
    command: z.string(),
    output: z.string(),
    /** The last line, where it is a prompt. */
    prompt: z.string(),
    /** How its answer ended. */
    reason: z.enum(['prompt', 'idle', 'timeout', 'missed', 'stopped']),
    exit: z.int(),
    seconds: z.number(),
  }),
  /** What the target said is in no alert here: that is the transcript's. */
  alerts: z.array(toldAlertSchema.omit({ text: true })),
  'recordings list': z.array(
    z.object({
      /** What people call it by. */
      number: z.int(),
      console: z.string(),
      /** Of the session in the transcript. */
      id: z.int(),
      who: z.string(),
      from: z.string(),
      role: z.enum(['operator', 'observer']),
      beganAt: instant,
      /** Of the terminal when the session began, `80x24`. */
      size: z.string().optional(),
      /** Null while it goes on. */
      end: z
        .object({
          at: instant,
          how: z.enum(['left', 'disconnected', 'dismissed', 'stopped', 'restart']),
          typedBytes: z.int(),
        })
        .nullable(),
      /** How much of it the transcript still has for whoever asks. */
      kept: z.enum(['all', 'part', 'none']),
    }),
  ),
  status: consoleStatusSchema.omit({ events: true, alerts: true }).extend({
    consoles: z.array(
      consoleStatusSchema.shape.consoles.element.extend({
        /** What a program presses in this person's sessions there, by command. */
        keys: z.record(z.string(), z.string()),
      }),
    ),
  }),
}

export type ExecOutputs = { [Name in keyof typeof EXEC_OUTPUTS]: z.output<(typeof EXEC_OUTPUTS)[Name]> }

/** Of a command that prints no JSON: undefined. */
export function execOutputOf(name: string): z.ZodType | undefined {
  return Object.entries<z.ZodType>(EXEC_OUTPUTS).find(([command]) => command === name)?.[1]
}
