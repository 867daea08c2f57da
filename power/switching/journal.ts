/** What must be known over a restart: which outlets are to be switched on again, and how each was asked to be. */
import { mkdir, readFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import * as z from 'zod'
import { errorCode, errorMessage } from '../../runtime/errors.ts'
import type { Logger } from '../../runtime/log.ts'
import { writeAtomically } from '../../runtime/write-atomically.ts'

const journalSchema = z.object({
  version: z.literal(1),
  /** The boot in which what is to happen after a start was done. */
  bootId: z.string().optional(),
  /** What people asked for last. */
  wanted: z.record(z.string(), z.enum(['on', 'off'])),
  /** Switched off only to be switched on again: by whom, for what. */
  owed: z.record(z.string(), z.object({ by: z.string(), target: z.string() })),
})

export type JournalContent = z.output<typeof journalSchema>

export class Journal {
  readonly #file: string
  #content: JournalContent
  #last: Promise<unknown> = Promise.resolve()

  private constructor(file: string, content: JournalContent) {
    this.#file = file
    this.#content = content
  }

  static async in(file: string, log: Logger): Promise<Journal> {
    await mkdir(dirname(file), { recursive: true, mode: 0o700 })
    let content: JournalContent = { version: 1, wanted: {}, owed: {} }
    try {
      content = journalSchema.parse(JSON.parse(await readFile(file, 'utf8')))
    } catch (err) {
      if (errorCode(err) !== 'ENOENT') log.error({ file, cause: errorMessage(err) }, 'journal not read: begun anew')
    }
    return new Journal(file, content)
  }

  get now(): Readonly<JournalContent> {
    return this.#content
  }

  /** Resolves when it is on the disk. @throws a system error; then nothing has changed */
  change(edit: (content: JournalContent) => void): Promise<void> {
    const next = this.#last.then(async () => {
      const content = structuredClone(this.#content)
      edit(content)
      await writeAtomically(this.#file, `${JSON.stringify(content)}\n`, 0o600)
      this.#content = content
    })
    this.#last = next.catch(() => {})
    return next
  }
}
