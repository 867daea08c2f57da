/** `tell [--lost S] -- TEXT`, the supervisor's: what becomes of the sessions that came through the relay, or became of them. */
import { printable } from '../../runtime/printable.ts'
import { SESSION_EXIT } from '../session/exit-codes.ts'
import type { Execute } from './command.ts'

/** Characters: a few lines of a terminal. */
const TEXT_MAX = 400

export const tellCommand: Execute<'tell'> = async ({ options: { lost }, rest = '' }, { consoles, stream }) => {
  const text = printable(rest, TEXT_MAX)
  if (text.trim() === '') {
    await stream.complain('tell: nothing to say; usage: tell [--lost S] -- TEXT')
    return SESSION_EXIT.usage
  }
  for (const console of consoles) {
    if (lost === undefined) console.sessions.tellRemote(text)
    else console.sessions.explainLost(Number(lost) * 1_000, text)
  }
  await stream.print('told')
  return SESSION_EXIT.ok
}
