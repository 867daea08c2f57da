/** What people set of the lines and want kept over a restart: a file in the state directory. */
import { readFile } from 'node:fs/promises'
import * as z from 'zod'
import { consoleShape } from '../formats/console-settings.ts'
import { errorCode, errorMessage } from '../runtime/errors.ts'
import type { Logger } from '../runtime/log.ts'
import { writeAtomically } from '../runtime/write-atomically.ts'
import type { MadeChanges } from './console/line-control.ts'

const { baudRate, dataBits, parity, stopBits, flowControl } = consoleShape.shape
/** Without the defaults: what is left out is as configured. */
const changesSchema = z.strictObject({
  baudRate: baudRate.unwrap().optional(),
  dataBits: dataBits.unwrap().optional(),
  parity: parity.unwrap().optional(),
  stopBits: stopBits.unwrap().optional(),
  flowControl: flowControl.unwrap().optional(),
  dtr: z.boolean().optional(),
  rts: z.boolean().optional(),
})
const fileSchema = z.object({
  version: z.literal(1),
  consoles: z.record(z.string(), z.object({ by: z.string(), changes: changesSchema })),
})

export interface KeptSettings {
  of(console: string): MadeChanges | undefined
  keep(console: string, made: MadeChanges | undefined): void
}

/** @param file one that cannot be read counts as empty, and is reported */
export async function keptSettings(file: string, log: Logger): Promise<KeptSettings> {
  const kept = new Map<string, MadeChanges>()
  try {
    const { consoles } = fileSchema.parse(JSON.parse(await readFile(file, 'utf8')))
    for (const [name, { by, changes }] of Object.entries(consoles)) kept.set(name, { by, changes: defined(changes) })
  } catch (err) {
    if (errorCode(err) !== 'ENOENT') log.warn({ file, cause: errorMessage(err) }, 'kept line settings not read')
  }
  let writing: Promise<void> = Promise.resolve()
  const write = async () => {
    const content = { version: 1, consoles: Object.fromEntries(kept) }
    await writeAtomically(file, `${JSON.stringify(content, null, 2)}\n`, 0o600).catch(err =>
      log.error({ file, err }, 'kept line settings not written'),
    )
  }
  return {
    of: console => kept.get(console),
    keep: (console, made) => {
      if (made) kept.set(console, made)
      else kept.delete(console)
      writing = writing.then(write)
    },
  }
}

function defined(changes: z.output<typeof changesSchema>): MadeChanges['changes'] {
  return JSON.parse(JSON.stringify(changes)) as MadeChanges['changes']
}
