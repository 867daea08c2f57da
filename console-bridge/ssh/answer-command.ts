/** What a word comes to, for one who is logged in. */
import type { ConsoleStatus } from '../../formats/status-file.ts'
import { describeBreak } from '../console/break.ts'
import type { Console } from '../console/console.ts'
import { SESSION_EXIT, type SessionExit } from '../session/exit-codes.ts'
import { COMMANDS_HELP, describeList, describeStatus, type Word } from './exec-commands.ts'
import { describeNoConsole } from './login-name.ts'
import { consoleOf, type Visit } from './visit.ts'

export interface Answer {
  lines: string[]
  exitCode: SessionExit
}

export interface CommandOptions {
  consoles: readonly Console[]
  status(): ConsoleStatus
  /** The end of the program. */
  signal: AbortSignal
}

export async function answerCommand(
  word: Exclude<Word, { word: 'watch' }>,
  visit: Visit,
  { status, signal, consoles }: CommandOptions,
): Promise<Answer> {
  const names = visit.allowed.map(({ name }) => name)
  switch (word.word) {
    case 'help':
      return { lines: COMMANDS_HELP, exitCode: SESSION_EXIT.ok }
    case 'list':
      return {
        lines: describeList(status().consoles.filter(({ name }) => names.includes(name))),
        exitCode: SESSION_EXIT.ok,
      }
    case 'status': {
      const whole = status()
      const consoles = whole.consoles.filter(({ name }) => names.includes(name))
      const lines = word.json
        ? [JSON.stringify({ ...whole, events: undefined, consoles }, null, 2)]
        : describeStatus(consoles)
      return { lines, exitCode: SESSION_EXIT.ok }
    }
    case 'break': {
      const console = consoleOf(visit)
      if (!console) return noConsole(visit)
      const sending = await console.sendBreak(visit.person, word.askedMs, signal)
      if (!sending.sent) {
        return { lines: [sending.cause], exitCode: sending.refused ? SESSION_EXIT.observer : SESSION_EXIT.unavailable }
      }
      return { lines: [`BREAK sent to ${console.name}, ${describeBreak(word.askedMs)}`], exitCode: SESSION_EXIT.ok }
    }
    case 'release': {
      const console = consoleOf(visit)
      if (!console) return noConsole(visit)
      const answer = await console.release(visit.person)
      if (!answer.released) {
        return { lines: [answer.cause], exitCode: answer.refused ? SESSION_EXIT.observer : SESSION_EXIT.unavailable }
      }
      return { lines: [`flow control of ${console.name} released`], exitCode: SESSION_EXIT.ok }
    }
    case 'dismiss': {
      const by = word.by === undefined ? '' : ` by ${word.by}`
      const text = `access to ${word.device} was switched off${by}`
      await Promise.all(consoles.map(console => console.dismiss(text)))
      return { lines: ['dismissed'], exitCode: SESSION_EXIT.ok }
    }
    default:
      return word satisfies never
  }
}

export function noConsole({ wanted, allowed }: Visit): Answer {
  const names = allowed.map(({ name }) => name)
  return {
    lines: [describeNoConsole(wanted, names)],
    exitCode: names.length === 0 ? SESSION_EXIT.unavailable : SESSION_EXIT.usage,
  }
}
