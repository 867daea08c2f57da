/** What may stand after `ssh CONSOLE`: the exec words, and their answers in text. */

import type { ConsoleStatus } from '../../formats/status-file.ts'
import { timeText } from '../../runtime/time-text.ts'

export type Word =
  | { word: 'help' | 'list' | 'release' }
  | { word: 'watch' }
  | { word: 'status'; json: boolean }
  | { word: 'break'; askedMs: number | undefined }
  /** Only the device's own supervisor has it. */
  | { word: 'dismiss'; device: string; by: string | undefined }

export const COMMANDS_HELP = [
  'ssh CONSOLE               the console; Ctrl-] ? there for help',
  'ssh CONSOLE watch         look on without typing',
  'ssh CONSOLE break [MS]    send a BREAK (300 ms unless said otherwise; 100 to 3000)',
  'ssh CONSOLE release       let go on what flow control holds',
  'ssh CONSOLE list          your consoles',
  'ssh CONSOLE status        the same with their lines and sessions (--json for programs)',
  'ssh CONSOLE help          this help',
]

/** Those that a hop key may run: one console's, and no more. */
const HOP_COMMANDS: readonly Word['word'][] = ['watch', 'break', 'release', 'status']

export const HOP_COMMANDS_HELP = [
  `by way of the relay there are: ${HOP_COMMANDS.join(', ')}, each after the name of a console, or nothing: the console itself`,
]

/** @returns the word, or a sentence for one that is not for who comes by way of the relay */
export function refuseByHop(word: Word | string): Word | string {
  if (typeof word === 'string' || HOP_COMMANDS.includes(word.word)) return word
  return `there is no word "${word.word}" by way of the relay`
}

/** @returns the word, or what is wrong with the command in a sentence */
export function parseCommand(command: string): Word | string {
  const [word = '', ...rest] = command.trim().split(/\s+/)
  const [first] = rest
  switch (word) {
    case 'help':
    case 'list':
    case 'watch':
    case 'release':
      return first === undefined ? { word } : `"${word}" takes nothing after it`
    case 'status':
      if (rest.length > 1 || (first !== undefined && first !== '--json')) return '"status" takes --json or nothing'
      return { word, json: first !== undefined }
    case 'break':
      if (rest.length > 1 || (first !== undefined && !/^\d{1,9}$/.test(first))) {
        return '"break" takes a number of milliseconds or nothing'
      }
      return { word, askedMs: first === undefined ? undefined : Number(first) }
    case 'dismiss': {
      const [device = '', by] = rest
      if (rest.length > 2 || !rest.every(name => /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(name)) || device === '') {
        return '"dismiss" takes a device, and who did it'
      }
      return { word, device, by }
    }
    default:
      return noCommand(word)
  }
}

/** @returns the word, or a sentence for one that is only for who is at the device itself */
export function refuseFromAfar(word: Word | string, mayDismiss: boolean): Word | string {
  return typeof word !== 'string' && word.word === 'dismiss' && !mayDismiss ? noCommand(word.word) : word
}

function noCommand(word: string): string {
  return `there is no word "${word.slice(0, 40)}" here`
}

type ConsoleInStatus = ConsoleStatus['consoles'][number]

export function describeList(consoles: readonly ConsoleInStatus[]): string[] {
  if (consoles.length === 0) return ['no console of this device is yours']
  const width = Math.max(...consoles.map(({ name }) => name.length))
  return consoles.map(({ name, settings, state, cause }) => {
    return `${name.padEnd(width)}  ${settings}  ${state}${cause === '' ? '' : `: ${cause}`}`
  })
}

export function describeStatus(consoles: readonly ConsoleInStatus[]): string[] {
  if (consoles.length === 0) return describeList(consoles)
  return consoles.flatMap(console => [
    `${console.name} on ${console.path}, ${console.settings}`,
    `  ${console.state} since ${timeText(console.since)}${console.cause === '' ? '' : `: ${console.cause}`}`,
    ...(console.held ? [`  held since ${timeText(console.held.since)}: ${console.held.cause}`] : []),
    `  last output ${console.lastOutputAt === null ? 'none since the start' : timeText(console.lastOutputAt)}; ${console.bytesIn} bytes from the target, ${console.bytesOut} to it`,
    ...console.sessions.map(({ technician, writer, from, since, via }) => {
      return `  ${technician}${via ? ` (via ${via})` : ''} ${writer ? 'types' : 'watches'}, from ${from}, since ${timeText(since)}`
    }),
  ])
}
