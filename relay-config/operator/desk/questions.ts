/** What the page may ask the desk to do, and how: each question is checked here, and becomes one command. */
import * as z from 'zod'
import type { OptionValues } from '../../../cli/command.ts'
import { parseDuration } from '../../../cli/times.ts'
import { EXIT, UserError } from '../../../runtime/errors.ts'
import { printable } from '../../../runtime/printable.ts'
import { eventText } from '../../relay/history.ts'
import { readEntries } from '../fleet-wide/ask-entries.ts'
import { mergeEntries } from '../fleet-wide/merge-entries.ts'
import { consoleLine, consoleQuestion, hostName } from './commands/console-questions.ts'
import { AT_DEVICE, readTrendOf, readViews, settingsOf, shellQuestion, trendOf } from './device-answers.ts'
import type { RunAtRelay } from './sources/operator-source.ts'
import { askSsh } from './ssh/ask-ssh.ts'

/** Milliseconds for a command at a console: a BREAK waits for its turn, and a log of days is read from a card. */
const CONSOLE_MS = 60_000
/** The same in a device's shell: a check of the doctor may take 12 s, and a board is slow. */
const SHELL_MS = 180_000
/** Characters of an answer that are shown. */
const SHOWN_MAX = 65_536

const deviceQuestion = z.strictObject({ device: hostName })
const switchQuestion = z.strictObject({
  device: hostName,
  on: z.boolean(),
  for: z
    .string()
    .refine(text => parseDuration(text) !== undefined)
    .optional(),
  reason: z.string().max(200).optional(),
})

export interface QuestionParts {
  /** The ssh_config of the desk. */
  config: string
  mayOpen(console: string): boolean
  mayOpenShell(device: string): boolean
  /** For an operator. */
  operator: { relaysOf(device: string): readonly string[]; run: RunAtRelay } | undefined
  /** Something was done that the fleet shows. */
  changed(): void
}

export function createQuestions({ config, mayOpen, mayOpenShell, operator, changed }: QuestionParts) {
  const atRelays = async (command: string, values: OptionValues, device: string, signal: AbortSignal) => {
    if (operator === undefined) throw new UserError('only a desk with the fleet file can do this', EXIT.usage)
    const relays = operator.relaysOf(device)
    if (relays.length === 0) throw new UserError(`"${device}" is not a device of the fleet`, EXIT.usage)
    return Promise.all(
      relays.map(relay =>
        operator.run(relay, command, { values, positionals: [device] }, signal).then(
          said => ({ relay, said, problem: undefined }),
          err => {
            if (!(err instanceof UserError)) throw err
            return { relay, said: '', problem: err.message }
          },
        ),
      ),
    )
  }
  return {
    '/ask/console': async (asked: unknown, signal: AbortSignal) => {
      const question = checked(consoleQuestion, asked)
      if (!mayOpen(question.console)) throw new UserError(`you may not open "${question.console}"`, EXIT.usage)
      const args = ['-F', config, '-T', '-o', 'LogLevel=ERROR', '--', question.console, consoleLine(question)]
      return askSsh(args, { limitMs: CONSOLE_MS, signal })
    },
    '/ask/at-device': async (asked: unknown, signal: AbortSignal) => {
      const { device, ask } = checked(shellQuestion, asked)
      if (!mayOpenShell(device)) throw new UserError(`you may not open a shell at "${device}"`, EXIT.usage)
      const args = ['-F', config, '-T', '-o', 'LogLevel=ERROR', '--', device, AT_DEVICE[ask]]
      const { code, stdout, said } = await askSsh(args, { limitMs: SHELL_MS, signal })
      const isCut = stdout.length > SHOWN_MAX
      return { code, said, stdout: stdout.slice(0, SHOWN_MAX), isCut, line: AT_DEVICE[ask], atMs: Date.now() }
    },
    '/ask/settings': async (asked: unknown, signal: AbortSignal) => {
      const { device } = checked(deviceQuestion, asked)
      const answers = await atRelays('settings show', { json: true }, device, signal)
      const views = answers.flatMap(({ said }) => readViews(said, device))
      return {
        problems: answers.flatMap(({ problem }) => problem ?? []),
        settings: settingsOf(views, Date.now()),
      }
    },
    '/ask/trend': async (asked: unknown, signal: AbortSignal) => {
      const { device } = checked(deviceQuestion, asked)
      const answers = await atRelays('trend', { json: true }, device, signal)
      const points = answers.flatMap(({ relay, said }) => readTrendOf(said, relay, Date.now()))
      return {
        problems: answers.flatMap(({ problem }) => problem ?? []),
        trend: trendOf(points),
      }
    },
    '/ask/history': async (asked: unknown, signal: AbortSignal) => {
      const { device } = checked(deviceQuestion, asked)
      const answers = await atRelays('history', { json: true, last: '200' }, device, signal)
      const said = answers.map(({ relay, said }) => ({ relay, entries: readEntries(said) ?? [] }))
      const entries = said.length === 1 ? (said[0]?.entries ?? []) : mergeEntries(said)
      return {
        problems: answers.flatMap(({ problem }) => problem ?? []),
        entries: entries.slice(-200).map(entry => ({ ...entry, event: eventText(entry.event) })),
      }
    },
    '/ask/switch': async (asked: unknown, signal: AbortSignal) => {
      const { device, on, for: span, reason } = checked(switchQuestion, asked)
      const values = {
        ...(!on && span !== undefined && { for: span }),
        ...(reason !== undefined && reason !== '' && { reason }),
      }
      const answers = await atRelays(on ? 'on' : 'off', values, device, signal)
      changed()
      return answers.map(({ relay, said, problem }) => ({ relay, said: printable(said.trim(), 400), problem }))
    },
    '/ask/blink': async (asked: unknown, signal: AbortSignal) => {
      const { device } = checked(deviceQuestion, asked)
      const answers = await atRelays('blink', {}, device, signal)
      return answers.map(({ relay, said, problem }) => ({ relay, said: printable(said.trim(), 400), problem }))
    },
  }
}

/** @throws UserError: the page asks nothing else, so somebody else does */
function checked<T extends z.ZodType>(schema: T, asked: unknown): z.output<T> {
  const { data, success } = schema.safeParse(asked)
  if (success) return data
  throw new UserError('this is no question that the desk knows', EXIT.usage)
}
