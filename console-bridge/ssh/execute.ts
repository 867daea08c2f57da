/** What each exec command does, and what it answers. */
import type { ExecCommandName } from '../../formats/exec-commands.ts'
import type { ConsoleStatus } from '../../formats/status-file.ts'
import { describeBreak } from '../console/break.ts'
import type { Console } from '../console/console.ts'
import { SESSION_EXIT, type SessionExit } from '../session/exit-codes.ts'
import { describeList, describeStatus } from './describe-consoles.ts'
import { commandsHelp, type ExecCommand } from './exec-commands.ts'
import { describeNoConsole } from './login-name.ts'
import { consoleOf, type Visit } from './visit.ts'

export interface Answer {
  lines: string[]
  exitCode: SessionExit
}

export interface ExecuteOptions {
  consoles: readonly Console[]
  status(): ConsoleStatus
  /** The end of the program. */
  signal: AbortSignal
}

type Execute = (args: string[], visit: Visit, options: ExecuteOptions) => Promise<Answer> | Answer

/** `watch` is a session, which the connection opens. */
const EFFECTS: Record<Exclude<ExecCommandName, 'watch'>, Execute> = {
  help: (_, visit) => ok(...commandsHelp(visit)),

  list: (_, visit, { status }) => ok(...describeList(consolesFor(visit, status()))),

  status: ([format], visit, options) => {
    const whole = options.status()
    const consoles = consolesFor(visit, whole)
    if (format === undefined) return ok(...describeStatus(consoles))
    return ok(JSON.stringify({ ...whole, events: undefined, consoles }, null, 2))
  },

  break: async ([ms], visit, { signal }) => {
    const console = consoleOf(visit)
    if (!console) return noConsole(visit)
    const askedMs = ms === undefined ? undefined : Number(ms)
    const answer = await console.sendBreak(visit.person, askedMs, signal)
    return answer.sent ? ok(`BREAK sent to ${console.name}, ${describeBreak(askedMs)}`) : failed(answer)
  },

  release: async (_, visit) => {
    const console = consoleOf(visit)
    if (!console) return noConsole(visit)
    const answer = await console.release(visit.person)
    return answer.released ? ok(`flow control of ${console.name} released`) : failed(answer)
  },

  dismiss: async ([device, by], _, { consoles }) => {
    const text = `access to ${device} was switched off${by === undefined ? '' : ` by ${by}`}`
    await Promise.all(consoles.map(console => console.dismiss(text)))
    return ok('dismissed')
  },
}

export async function execute(
  { name, args }: ExecCommand & { name: keyof typeof EFFECTS },
  visit: Visit,
  options: ExecuteOptions,
): Promise<Answer> {
  return EFFECTS[name](args, visit, options)
}

export function noConsole({ wanted, allowed }: Visit): Answer {
  const names = allowed.map(({ name }) => name)
  const exitCode = names.length === 0 ? SESSION_EXIT.unavailable : SESSION_EXIT.usage
  return { lines: [describeNoConsole(wanted, names)], exitCode }
}

function consolesFor({ allowed }: Visit, { consoles }: ConsoleStatus): ConsoleStatus['consoles'] {
  return consoles.filter(({ name }) => allowed.some(console => console.name === name))
}

function ok(...lines: string[]): Answer {
  return { lines, exitCode: SESSION_EXIT.ok }
}

function failed({ refused, cause }: { refused: boolean; cause: string }): Answer {
  return { lines: [cause], exitCode: refused ? SESSION_EXIT.observer : SESSION_EXIT.unavailable }
}
