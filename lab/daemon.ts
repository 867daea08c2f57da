/** One long-lived program of the lab: with its own process group, its log in a file, and a report when it ends by itself. */
import { createWriteStream } from 'node:fs'
import { basename } from 'node:path'
import { type Program, startProgram } from '../testbed/run-program.ts'
import { signalProcess } from '../testbed/sshd.ts'

export interface Daemon {
  readonly name: string
  /** Resolves when it ended. */
  readonly ended: Promise<void>
  /** The last lines of its log. */
  lastLines(): string
  /** Ends it; resolves when it and all it started are gone. */
  stop(): Promise<void>
  /** Kills all of it, at once and without waiting. */
  kill(): void
}

/** Milliseconds that a daemon gets to end in order: the lab as a whole must be gone before its own time is up. */
const GRACE_MS = 2_500
const LAST_LINES = 12

/**
 * What a program is to be started under: setsid(1), so that Ctrl-C in the terminal reaches the lab alone, which then ends
 * the others in order; and setpriv(1), so that they end as well when the lab is killed outright.
 */
export const OWN_GROUP = ['setsid', 'setpriv', '--pdeathsig', 'TERM']

export function startDaemon(name: string, command: string[], logFile: string, env: NodeJS.ProcessEnv): Daemon {
  const [program = '', ...rest] = [...OWN_GROUP, ...command]
  return watchDaemon(name, startProgram(program, rest, { env }), logFile)
}

/** Makes a daemon of a program that somebody else started under {@link OWN_GROUP}. */
export function watchDaemon(
  name: string,
  program: Program,
  logFile: string,
  stop: () => Promise<unknown> = () => program.stop(GRACE_MS),
): Daemon {
  const log = createWriteStream(logFile, { mode: 0o600 })
  log.write(program.output())
  program.child.stdout?.on('data', chunk => log.write(chunk))
  program.child.stderr?.on('data', chunk => log.write(chunk))
  const kill = () => void signalProcess(-program.pid, 'SIGKILL')
  return {
    name,
    ended: program.ended() ? Promise.resolve() : new Promise(resolve => program.child.once('exit', () => resolve())),
    lastLines: () => {
      const lines = program.output().trimEnd().split('\n').slice(-LAST_LINES)
      return lines.map(line => `  ${basename(logFile, '.log')}: ${line}`).join('\n')
    },
    stop: async () => {
      await stop()
      kill()
      await new Promise(resolve => log.end(resolve))
    },
    kill,
  }
}
