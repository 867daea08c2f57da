/** `ssh core-sw1 run -- show version`: sends lines, each after the prompt of the one before, and prints the answers. */
import type { ExecCommand } from '../../formats/exec-commands.ts'
import { linearPattern } from '../../runtime/linear-pattern.ts'
import { OVER, whenAborted, within } from '../../runtime/waiting.ts'
import { inputLines } from '../run/input-lines.ts'
import { Keyboard } from '../run/keyboard.ts'
import type { Matches } from '../run/prompt.ts'
import { jsonReport, textReport } from '../run/report.ts'
import { promptNow, type RunSettings, runLine } from '../run/run-line.ts'
import { SESSION_EXIT, type SessionExit } from '../session/exit-codes.ts'
import { type CommandContext, onConsole } from './command.ts'

/** Seconds. */
const DEFAULTS = { idle: 30, timeout: 300 }
/** Milliseconds to see whether more input follows a line that failed. */
const PEEK_MS = 500

export const runCommand = onConsole<'run'>(async (console, { options, rest }, context) => {
  const { stream, visit, clock, signal } = context
  const fails = async (text: string, exitCode: SessionExit) => {
    await stream.complain(`[oobm: ${text}]`)
    return exitCode
  }
  const settings = settingsOf(options)
  if ('problem' in settings) return fails(`run: ${settings.problem}`, SESSION_EXIT.usage)
  if (rest === undefined && stream.interactive) {
    return fails(
      'run: no command: put it after --, or give lines on standard input without a terminal',
      SESSION_EXIT.usage,
    )
  }
  const keyboard = Keyboard.take(console, visit.person, clock)
  if (!(keyboard instanceof Keyboard)) return fails(`nothing was sent: ${keyboard.text}`, keyboard.exitCode)
  const done = new AbortController()
  void whenAborted(stream.gone, done.signal).then(() =>
    keyboard.halt(
      signal.aborted
        ? { exitCode: SESSION_EXIT.unavailable, text: 'the console bridge is stopping; connect again in a moment' }
        : { exitCode: SESSION_EXIT.notSent, text: 'interrupted: what was sent may still run at the target' },
    ),
  )
  try {
    return await runLines(keyboard)
  } finally {
    done.abort(OVER)
    keyboard.release()
  }

  async function runLines(keyboard: Keyboard): Promise<SessionExit> {
    const lines = rest === undefined ? inputLines(stream.input) : only(rest)
    const report = options.json ? jsonReport(stream) : textReport(stream, stream.interactive)
    const { scrollback } = console
    const onText = (text: string) => report.text(text)
    let before = promptNow(scrollback, (settings as RunSettings).until)
    for (;;) {
      const line = await keyboard.orStop(nextOf(lines))
      if (line && 'problem' in line)
        return fails(`${line.problem}; it was not sent, and nothing after it`, SESSION_EXIT.notSent)
      if (keyboard.stop || !line) {
        if (!keyboard.stop) return SESSION_EXIT.ok
        return fails(`${keyboard.stop.text}; nothing more is sent`, keyboard.stop.exitCode)
      }
      if (line.done) return SESSION_EXIT.ok
      await report.begin(line.value)
      const end = await runLine(line.value, before, {
        ...(settings as RunSettings),
        keyboard,
        scrollback,
        clock,
        onText,
      })
      await report.end(end)
      if (end.exitCode !== SESSION_EXIT.ok) {
        const isLast = rest !== undefined || (await isAtEnd(lines, context))
        return fails(`${end.text}${isLast ? '' : '; the lines after this one were not sent'}`, end.exitCode)
      }
      before = end.prompt
    }
  }
})

function settingsOf(options: ExecCommand<'run'>['options']): RunSettings | { problem: string } {
  const until = patternOf('--until', options.until)
  if (until && 'problem' in until) return until
  const pager = patternOf('--pager', options.pager)
  if (pager && 'problem' in pager) return pager
  return {
    until,
    pager,
    idleMs: 1_000 * Number(options.idle ?? DEFAULTS.idle),
    timeoutMs: 1_000 * Number(options.timeout ?? DEFAULTS.timeout),
  }
}

function patternOf(option: string, text: string | undefined): Matches | { problem: string } | undefined {
  if (text === undefined) return undefined
  const pattern = linearPattern(text)
  return 'problem' in pattern ? { problem: `${option}: ${pattern.problem}` } : pattern.matches
}

type Next = { done: true } | { done: false; value: string } | { problem: string }

async function nextOf(lines: AsyncGenerator<string>): Promise<Next> {
  try {
    const { done, value } = await lines.next()
    return done ? { done } : { done: false, value }
  } catch (err) {
    if (err instanceof RangeError) return { problem: err.message }
    throw err
  }
}

async function isAtEnd(lines: AsyncGenerator<string>, { clock, stream }: CommandContext): Promise<boolean> {
  const found = await within(PEEK_MS, [stream.gone], () => nextOf(lines), { clock })
  return found.kind !== 'done' || ('done' in found.value && found.value.done)
}

async function* only(line: string): AsyncGenerator<string> {
  yield line
}
