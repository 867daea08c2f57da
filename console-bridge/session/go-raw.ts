/** Takes a session to raw mode and back, and tells the technician and the others. */
import type { Console } from '../console/console.ts'
import { calledAs } from '../console/person.ts'
import type { Seat } from '../console/seat.ts'
import type { EscapeKeys } from './escape-keys.ts'
import { QUIET_MS, type Raw } from './raw.ts'
import type { View } from './view.ts'

interface GoRawOptions {
  console: Console
  seat: Seat
  raw: Raw
  view: View
  keys: EscapeKeys
  /** The end of the session. */
  over: AbortSignal
}

/** Passes everything on, until nothing moves any more. */
export async function goRaw({ console, seat, raw, view, keys, over }: GoRawOptions): Promise<void> {
  const refusal = console.keyboard.takeFree(seat)
  if (refusal !== undefined) return view.tell(refusal)
  const quiet = QUIET_MS / 1_000
  view.tell(
    `raw: start the transfer now. Everything is passed on and ${keys.name} does not work, until nothing moves for ${quiet} s`,
  )
  console.tellAll(`${calledAs(seat)} transfers a file, in raw mode`, seat)
  view.hold()
  await raw.begin()
  view.release()
  if (over.aborted) return
  view.tell(`raw mode is over: ${keys.name} works again`)
  console.tellAll(`${calledAs(seat)} is no longer in raw mode`, seat)
}
