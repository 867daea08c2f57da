/** `ssh core-sw1 autobaud [--type]`: finds the speed of the target. */
import { autobaud, refusalToType } from '../console/autobaud.ts'
import { refusalOf } from '../console/right.ts'
import { SESSION_EXIT } from '../session/exit-codes.ts'
import { onConsole, refused } from './command.ts'

/** Milliseconds to read what typing may do, and press Ctrl-C. */
const READ_MS = 3_000
const TYPE_WARNING = [
  'one CR is sent at each speed, from 230400 down; a CR answers a question that the target may be asking',
  'a CR at less than 0.4 times the speed of the target reaches it as a BREAK',
]

export const autobaudCommand = onConsole<'autobaud'>(async (console, { options }, { visit, stream, clock, signal }) => {
  const by = visit.person
  const types = options.type === true
  if (types && refusalOf(by) === undefined && refusalToType({ console, by, clock }) === undefined) {
    await stream.complain(...TYPE_WARNING, `it begins in ${READ_MS / 1_000} s; Ctrl-C stops it`)
    await clock.sleep(READ_MS, stream.gone)
    if (stream.gone.aborted) return SESSION_EXIT.unavailable
  } else if (!types) {
    await stream.complain('listening for up to 60 s; the target has to say something, such as its start messages')
  }
  const answer = await autobaud({
    ...{ console, by, types, isKept: options.keep === true, clock, over: stream.gone, signal },
    tell: text => void stream.complain(text),
  })
  if (!answer.set) return refused(answer, stream)
  await stream.print(answer.text)
  return SESSION_EXIT.ok
})
