/** `ssh core-sw1 break [MS]` */
import { describeBreak } from '../console/break.ts'
import { SESSION_EXIT } from '../session/exit-codes.ts'
import { onConsole, refused } from './command.ts'

export const breakCommand = onConsole<'break'>(async (console, { args: { MS } }, { visit, stream, signal }) => {
  const askedMs = MS === undefined ? undefined : Number(MS)
  const answer = await console.sendBreak(visit.person, askedMs, signal)
  if (!answer.sent) return refused(answer, stream)
  await stream.print(`BREAK sent to ${console.name}, ${describeBreak(askedMs)}`)
  return SESSION_EXIT.ok
})
