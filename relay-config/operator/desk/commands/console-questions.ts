/** What the page may ask at a console: each is checked here, and becomes the line of `ssh CONSOLE …` that a person would type; pure. */
import * as z from 'zod'
import {
  BREAK_MS,
  BREAK_SEQUENCES,
  type BreakSequenceName,
  EXEC_COMMANDS,
  FILE_MAX_BYTES,
  SINCE,
} from '../../../../formats/exec-commands.ts'
import { quoteWord } from '../../../../formats/split-line.ts'

export const hostName = z.string().regex(/^[a-z0-9][a-z0-9._-]{0,63}$/i)
const sequences = Object.keys(BREAK_SEQUENCES) as [BreakSequenceName, ...BreakSequenceName[]]
/** Of a setting: the device says what is wrong with it. No option. */
const WORD = /^[a-z0-9][a-z0-9-]{0,19}$/i
const [, fileName] = EXEC_COMMANDS.ymodem.arguments

/** Those that are answered at once, and whole. */
export const consoleQuestion = z.discriminatedUnion('command', [
  z.strictObject({
    command: z.literal('break'),
    console: hostName,
    ms: z.int().min(BREAK_MS.min).max(BREAK_MS.max).optional(),
    as: z.enum(sequences).optional(),
  }),
  z.strictObject({
    command: z.literal('log'),
    console: hostName,
    since: z.string().regex(SINCE).optional(),
    grep: z.string().min(1).max(200).optional(),
    lines: z.int().min(1).max(5_000),
  }),
  z.strictObject({
    command: z.enum(['who', 'status', 'power', 'settings', 'default', 'recordings']),
    console: hostName,
  }),
  z.strictObject({ command: z.literal('message'), console: hostName, text: z.string().regex(/^[^\p{Cc}]{1,400}$/u) }),
  z.strictObject({
    command: z.literal('set'),
    console: hostName,
    words: z.array(z.string().regex(WORD)).min(1).max(14),
    keep: z.boolean(),
  }),
])

/** Those that take their time, say how far they are, and can be stopped. */
export const runQuestion = z.discriminatedUnion('command', [
  z.strictObject({ command: z.enum(['on', 'off', 'cycle', 'cycle-break', 'autobaud']), console: hostName }),
  z.strictObject({
    command: z.enum(['xmodem', 'xmodem-1k', 'ymodem']),
    console: hostName,
    /** What the target calls the file: of YMODEM. */
    name: z.string().regex(fileName.takes).optional(),
    /** Bits per second for its duration. */
    at: z.int().min(10).max(9_999_999).optional(),
    bytes: z.int().min(1).max(FILE_MAX_BYTES),
  }),
])

export type ConsoleQuestion = z.output<typeof consoleQuestion>
export type RunQuestion = z.output<typeof runQuestion>

export function consoleLine(asked: ConsoleQuestion): string {
  switch (asked.command) {
    case 'break':
      return [
        'break',
        ...(asked.ms === undefined ? [] : [String(asked.ms)]),
        ...(asked.as === undefined ? [] : [`--as=${asked.as}`]),
      ].join(' ')
    case 'log':
      return [
        ...['log', `--lines=${asked.lines}`],
        ...(asked.since === undefined ? [] : [`--since=${asked.since.replace(' ', 'T')}`]),
        ...(asked.grep === undefined ? [] : [quoteWord(`--grep=${asked.grep}`)]),
      ].join(' ')
    case 'who':
      return 'who'
    case 'recordings':
      return 'recordings list --json'
    case 'status':
      return 'status --json'
    case 'power':
      return 'power status'
    case 'settings':
      return 'set'
    case 'default':
      return 'set --default'
    case 'message':
      return `message -- ${asked.text}`
    case 'set':
      return ['set', ...(asked.keep ? ['--keep'] : []), ...asked.words].join(' ')
    default:
      return asked satisfies never
  }
}

export function runLine(asked: RunQuestion): string {
  switch (asked.command) {
    case 'on':
    case 'off':
    case 'cycle':
      return `power ${asked.command}`
    case 'cycle-break':
      return 'power cycle --break'
    case 'autobaud':
      return 'autobaud'
    case 'xmodem':
    case 'xmodem-1k':
    case 'ymodem':
      return [
        asked.command === 'ymodem' ? 'ymodem' : 'xmodem',
        ...(asked.command === 'xmodem-1k' ? ['--1k'] : []),
        ...(asked.at === undefined ? [] : [`--at=${asked.at}`]),
        'send',
        ...(asked.command === 'ymodem' && asked.name !== undefined ? [asked.name] : []),
      ].join(' ')
    default:
      return asked satisfies never
  }
}

/** Bytes that the page sends for its standard input, and no more; undefined where it has no length. */
export function inputBytes(asked: RunQuestion): number | undefined {
  return 'bytes' in asked ? asked.bytes : undefined
}

/** @returns undefined for what is no question */
export function parseRunAsk(text: string): RunQuestion | undefined {
  try {
    return runQuestion.parse(JSON.parse(text))
  } catch {
    return undefined
  }
}
