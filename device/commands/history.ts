/** `oobm history`: who logged in to this device's shell, and when. */
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as z from 'zod'
import { alignColumns } from '../../cli/layout.ts'
import { loginHistoryDirectory } from '../../formats/directories.ts'
import { type ShellSession, shellSessionSchema, shellSessions } from '../../formats/login-history.ts'
import { EXIT, errorCode, errorMessage, UserError } from '../../runtime/errors.ts'
import { timeText } from '../../runtime/time-text.ts'
import { defineCommand } from '../command.ts'

/** Oldest first. */
const FILES = ['logins.1.jsonl', 'logins.jsonl']

export const historyCommand = defineCommand({
  summary: 'show who logged in to this device’s shell, when and from where',
  details: ['Only root and members of the group oobm may read it.'],
  options: { json: { help: 'print one JSON document' } },
  json: z.object({ version: z.literal(1), sessions: z.array(shellSessionSchema) }),
  run: async ({ values, env, print }) => {
    const boot = (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim()
    const sessions = shellSessions(await readLogins(loginHistoryDirectory(env)), {
      boot,
      isRunning: pid => existsSync(`/proc/${pid}`),
    })
    if (values.json) print(JSON.stringify({ version: 1, sessions }, null, 2))
    else for (const line of describeSessions(sessions)) print(line)
    return EXIT.ok
  },
})

async function readLogins(directory: string): Promise<string> {
  if (!existsSync(directory)) {
    throw new UserError(`${directory} is missing: this system keeps no history of logins`, EXIT.unavailable)
  }
  try {
    const parts = await Promise.all(FILES.map(file => readFile(join(directory, file), 'utf8').catch(absent)))
    return parts.join('\n')
  } catch (err) {
    const isDenied = errorCode(err) === 'EACCES'
    const message = isDenied
      ? 'only root and members of the group oobm may read the history: use sudo'
      : errorMessage(err)
    throw new UserError(message, EXIT.failed, { cause: err })
  }
}

function absent(err: unknown): string {
  if (errorCode(err) === 'ENOENT') return ''
  throw err
}

export function describeSessions(sessions: readonly ShellSession[]): string[] {
  if (sessions.length === 0) return ['no logins since the history began']
  return alignColumns(
    sessions.map(session => [
      describeWho(session),
      timeText(session.openedAt),
      describeEnd(session),
      session.way === 'relay' ? 'through the relay' : `from ${session.from}`,
    ]),
  )
}

/** The key identifies the person where several share a login. */
function describeWho({ account, person }: ShellSession): string {
  if (person === null) return `${account} (unknown key)`
  return person === account ? person : `${person} as ${account}`
}

function describeEnd({ closedAt, state }: ShellSession): string {
  if (closedAt !== null) return `until ${timeText(closedAt)}`
  return state === 'open' ? 'still open' : 'end not recorded'
}
