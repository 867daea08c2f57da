/** `ssh core-sw1 break [MS]` */
import type { BreakSequenceName } from '../../formats/exec-commands.ts'
import { describeBreak } from '../console/break.ts'
import { type BreakSequence, breakThen, namedSequence, PLAIN_BREAK, sysrq } from '../console/break-sequence.ts'
import { SESSION_EXIT } from '../session/exit-codes.ts'
import { onConsole, refused } from './command.ts'

export const breakCommand = onConsole<'break'>(
  async (console, { args: { MS }, options }, { visit, stream, signal }) => {
    const chosen = sequencesOf(options)
    if (chosen.length > 1) {
      await stream.complain('break: only one of --as, --sysrq and --then')
      return SESSION_EXIT.usage
    }
    const [sequence = PLAIN_BREAK] = chosen
    const askedMs = MS === undefined ? undefined : Number(MS)
    const answer = await console.breaks.send(visit.person, askedMs, signal, sequence)
    if (!answer.sent) return refused(answer, stream)
    const length = sequence.isBreak ? `, ${describeBreak(askedMs)}` : ''
    await stream.print(`${sequence.what} sent to ${console.name}${length}`)
    return SESSION_EXIT.ok
  },
)

function sequencesOf(options: { as?: string; sysrq?: string; then?: string }): BreakSequence[] {
  return [
    ...(options.as === undefined ? [] : [namedSequence(options.as as BreakSequenceName)]),
    ...(options.sysrq === undefined ? [] : [sysrq(options.sysrq)]),
    ...(options.then === undefined ? [] : [breakThen(options.then)]),
  ]
}
