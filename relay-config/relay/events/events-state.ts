/** What `oobm-relay events` remembers over its restarts, in one file. */
import { mkdir, readFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import * as z from 'zod'
import { EXIT, errorCode, UserError } from '../../../runtime/errors.ts'
import { reasonOf } from '../../../runtime/unexpected.ts'
import { writeAtomically } from '../../../runtime/write-atomically.ts'
import type { SinkFigures } from '../metrics/describe-metrics.ts'
import { outboxSchema } from './outbox.ts'
import { marksSchema } from './read-news.ts'
import { memorySchema } from './watch-devices.ts'

const stateSchema = z.object({
  version: z.literal(1),
  /** The last look at the fleet, in milliseconds since 1970. */
  lookedAtMs: z.number(),
  devices: z.record(z.string(), memorySchema),
  marks: marksSchema,
  sinks: z.record(z.string(), outboxSchema),
})

export type EventsState = z.output<typeof stateSchema>

/**
 * @returns undefined where there is none
 * @throws UserError for a file that cannot be read, or is not one: what waits in it must not be lost silently
 */
export async function readEventsState(path: string): Promise<EventsState | undefined> {
  try {
    return stateSchema.parse(JSON.parse(await readFile(path, 'utf8')))
  } catch (err) {
    if (errorCode(err) === 'ENOENT') return undefined
    const why =
      err instanceof z.ZodError || err instanceof SyntaxError ? 'it is damaged, or of another version' : reasonOf(err)
    throw new UserError(`${path} cannot be used: ${why}; move it away to begin anew`, EXIT.configuration, {
      cause: err,
    })
  }
}

export async function writeEventsState(path: string, state: EventsState): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  await writeAtomically(path, `${JSON.stringify(state)}\n`, 0o600)
}

/** For the metrics. */
export function figuresOf({ sinks }: EventsState): SinkFigures[] {
  return Object.entries(sinks).map(([name, { queue, delivered, dropped }]) => ({
    ...{ name, delivered, dropped, waiting: queue.length },
    oldestMs: queue[0] === undefined ? undefined : Date.parse(queue[0].at),
  }))
}
