/** The notes of all consoles in one file of the state directory, so that they outlive the program. */
import { readFile } from 'node:fs/promises'
import * as z from 'zod'
import { errorCode } from '../runtime/errors.ts'
import type { Logger } from '../runtime/log.ts'
import { writeAtomically } from '../runtime/write-atomically.ts'
import type { NotePlace } from './console/note.ts'
import { shownText } from './console/shown-text.ts'

const text = z.string().transform(shownText)
const notesSchema = z.record(z.string(), z.object({ text, by: text, at: z.int() }))

/** @returns where the note of a console is kept. A file that cannot be read is reported, and counts as empty. */
export async function notesIn(file: string, log: Logger): Promise<(console: string) => NotePlace> {
  let notes = await readNotes(file, log)
  /** One write at a time: each is of all notes. */
  let writing: Promise<unknown> = Promise.resolve()
  return console => ({
    get now() {
      return Object.hasOwn(notes, console) ? notes[console] : undefined
    },
    put: note => {
      const done = writing.then(async () => {
        const { [console]: _, ...others } = notes
        const next = note ? { ...others, [console]: note } : others
        await writeAtomically(file, `${JSON.stringify(next, null, 2)}\n`, 0o600)
        notes = next
      })
      writing = done.catch(() => {})
      return done
    },
  })
}

async function readNotes(file: string, log: Logger): Promise<z.output<typeof notesSchema>> {
  try {
    return notesSchema.parse(JSON.parse(await readFile(file, 'utf8')))
  } catch (err) {
    if (errorCode(err) !== 'ENOENT') log.warn({ err, file }, 'notes not read')
    return {}
  }
}
