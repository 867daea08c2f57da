/** Puts the note of a console on and takes it off, and tells everyone there. */
import type { Clock } from '../../runtime/clock.ts'
import { errorMessage } from '../../runtime/errors.ts'
import { describeNote, type Note, type NotePlace } from './note.ts'
import { calledAs, logged, type Person } from './person.ts'
import type { Reports } from './reports.ts'
import type { Seats } from './seats.ts'

interface NoteBoardOptions {
  clock: Clock
  place: NotePlace
  seats: Seats
  reports: Reports
}

export class NoteBoard {
  readonly #options: NoteBoardOptions

  constructor(options: NoteBoardOptions) {
    this.#options = options
  }

  get now(): Note | undefined {
    return this.#options.place.now
  }

  /** Writes the note, or takes it off. @returns why it could not be written */
  async put(by: Person, text: string | undefined): Promise<string | undefined> {
    const { clock, place, seats, reports } = this.#options
    const note = text === undefined ? undefined : { text, by: calledAs(by), at: clock.wallMs() }
    try {
      await place.put(note)
    } catch (err) {
      return errorMessage(err)
    }
    reports.log.info({ ...logged(by), note: text !== undefined }, 'note changed')
    seats.tellAll(note ? describeNote(note) : `${calledAs(by)} took the note off`)
    reports.recorder?.happened('note', note ? 'on' : 'off', { by: calledAs(by), text })
    reports.onChange()
    return undefined
  }
}
