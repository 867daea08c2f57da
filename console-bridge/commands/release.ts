/** `ssh core-sw1 release` */
import { SESSION_EXIT } from '../session/exit-codes.ts'
import { onConsole, refused } from './command.ts'

export const releaseCommand = onConsole<'release'>(async (console, _, { visit, stream }) => {
  const answer = await console.line.release(visit.person)
  if (!answer.released) return refused(answer, stream)
  await stream.print(`flow control of ${console.name} released`)
  return SESSION_EXIT.ok
})
