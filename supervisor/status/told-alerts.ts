/** Which alerts a relay was told, in a file of the state directory: a restart does not tell them again. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as z from 'zod'
import { errorCode, errorMessage } from '../../runtime/errors.ts'
import type { Logger } from '../../runtime/log.ts'
import { writeAtomically } from '../../runtime/write-atomically.ts'

/** By the alert's ref, the count that was told. */
export type ToldCounts = Readonly<Record<string, number>>

export interface ToldAlerts {
  /** What was told before this start. */
  readonly before: ToldCounts
  /** Keeps what was told until now, in the background. */
  put(counts: ToldCounts): void
}

const schema = z.object({ version: z.literal(1), told: z.record(z.string(), z.int()) })

/** @param state the state directory. A file that cannot be read is reported, and counts as empty: alerts are told again. */
export async function toldAlertsIn(state: string, log: Logger): Promise<ToldAlerts> {
  const file = join(state, 'told-alerts.json')
  let writing: Promise<void> = Promise.resolve()
  return {
    before: await read(file, log),
    put: told => {
      writing = writing.then(async () => {
        await writeAtomically(file, `${JSON.stringify({ version: 1, told })}\n`, 0o600).catch(err =>
          log.warn({ file, cause: errorMessage(err) }, 'the alerts that were told are not noted'),
        )
      })
    },
  }
}

async function read(file: string, log: Logger): Promise<ToldCounts> {
  try {
    return schema.parse(JSON.parse(await readFile(file, 'utf8'))).told
  } catch (err) {
    if (errorCode(err) !== 'ENOENT') log.warn({ file, cause: errorMessage(err) }, 'alerts that were told not read')
    return {}
  }
}
