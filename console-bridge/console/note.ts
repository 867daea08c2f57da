/** A note on a console, which everybody reads who comes: "do not reboot, upgrade running". */
import { timeText } from '../../runtime/time-text.ts'

export interface Note {
  text: string
  /** Who wrote it, as the others saw them. */
  by: string
  /** Milliseconds since 1970, as the clock of the device was. */
  at: number
}

/** Where the note of one console is kept. */
export interface NotePlace {
  readonly now: Note | undefined
  /** @throws when it cannot be written; then nothing has changed */
  put(note: Note | undefined): Promise<void>
}

/** `note by alice, 2026-11-26 04:20:07 UTC: do not reboot` */
export function describeNote({ text, by, at }: Note): string {
  return `note by ${by}, ${timeText(at)}: ${text}`
}

/** Lost at the end of the program. */
export function noteInMemory(): NotePlace {
  let now: Note | undefined
  return {
    get now() {
      return now
    },
    put: async note => {
      now = note
    },
  }
}
