/** `ssh core-sw1 power on|off|cycle|status`: the outlets that feed the target. */
import { OVER, whenAborted } from '../../runtime/waiting.ts'
import type { Console } from '../console/console.ts'
import { describeOutlets, type PowerAnswer, type SwitchAction } from '../console/target-power.ts'
import { cycleAndBreak, powerQuestion } from '../session/cycle-and-break.ts'
import { SESSION_EXIT, type SessionExit } from '../session/exit-codes.ts'
import { askLine } from './ask-line.ts'
import { type CommandContext, onConsole } from './command.ts'

export const powerCommand = onConsole<'power'>(async (console, { args: { ACTION = 'status' }, options }, context) => {
  const { stream, visit, clock } = context
  const withBreak = options.break === true
  if (withBreak && ACTION !== 'cycle') {
    await stream.complain('power: --break goes with cycle only; nothing was switched')
    return SESSION_EXIT.usage
  }
  if (ACTION === 'status') return answered(await console.power.status(stream.gone), console, context)
  const refusal = console.power.whyNot(visit.person)
  if (refusal) return answered(refusal, console, context)
  const action = ACTION as SwitchAction
  const input = stream.input[Symbol.asyncIterator]()
  if (action !== 'on' && !options.yes) {
    const line = await askLine(powerQuestion(console, action, withBreak), input, stream, clock)
    if (line?.trim() !== console.name) {
      const what = line === undefined ? 'not confirmed' : `this is not ${console.name}`
      await stream.complain(`[oobm: nothing was switched: ${what}; --yes asks nothing]`)
      return SESSION_EXIT.usage
    }
  }
  const done = new AbortController()
  const left = whenAborted(stream.gone, done.signal).then(() => undefined)
  const outcome = await Promise.race([switched(console, action, withBreak, input, context), left])
  done.abort(OVER)
  if (outcome !== undefined) return outcome
  const why = context.signal.aborted ? 'the console bridge is stopping' : 'you left'
  await stream.complain(
    `[oobm: ${why}; what was begun is finished all the same: "power status" says how the outlets are]`,
  )
  return context.signal.aborted ? SESSION_EXIT.unavailable : SESSION_EXIT.notSent
})

async function switched(
  console: Console,
  action: SwitchAction,
  withBreak: boolean,
  input: AsyncIterator<Buffer>,
  context: CommandContext,
): Promise<SessionExit> {
  const { stream, visit, clock, signal: stopping } = context
  const onStep = (text: string) => void stream.print(text)
  if (!withBreak) return answered(await console.power.switch(visit.person, action, onStep, stopping), console, context)
  const key = new AbortController()
  void whenAborted(stream.gone, key.signal).then(() => key.abort(OVER))
  const onPowered = () => {
    void stream.complain(`[oobm: BREAK until a prompt comes; ${stream.interactive ? 'a key' : 'Enter'} stops it]`)
    void input.next().then(({ done }) => done || key.abort(OVER))
  }
  const { power, boot } = await cycleAndBreak({
    ...{ console, by: visit.person, clock, over: key.signal, stopping },
    ...{ onStep, onPowered },
  })
  key.abort(OVER)
  const code = await answered(power, console, context)
  if (boot === undefined || code !== SESSION_EXIT.ok) return code
  if ('prompt' in boot) {
    await stream.print(`${console.name} shows a prompt, after ${boot.breaks} BREAKs: ${boot.prompt}`)
    return SESSION_EXIT.ok
  }
  await stream.complain(`[oobm: ${boot.cause}]`)
  return boot.isStopped ? SESSION_EXIT.notSent : SESSION_EXIT.silent
}

async function answered(answer: PowerAnswer, console: Console, { stream }: CommandContext): Promise<SessionExit> {
  await stream.print(
    ...describeOutlets(answer.outlets),
    ...console.power.alsoFeeds.filter(() => answer.outlets.length > 0),
  )
  if (!answer.done) {
    await stream.complain(`[oobm: ${answer.cause}]`)
    return answer.refused ? SESSION_EXIT.observer : answer.busy ? SESSION_EXIT.occupied : SESSION_EXIT.unavailable
  }
  return answer.outlets.some(({ state }) => state === 'unknown') ? SESSION_EXIT.unavailable : SESSION_EXIT.ok
}
