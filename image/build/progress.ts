/** What a build says of itself: one line a step with the time so far, everything that its tools print in a log. */
import { createWriteStream } from 'node:fs'
import spawn, { SubprocessError } from 'nano-spawn'
import { EXIT, errorCode, UserError } from '../../runtime/errors.ts'

export interface Progress {
  /** The log's path. */
  log: string
  /** Announces a step. */
  step(text: string): void
  /**
   * Runs a program with its output in the log; lines that begin with `== ` are steps.
   * @returns what it printed
   * @throws UserError with the last lines of what it said, when it fails
   */
  run(command: string, args: string[], options?: RunOptions): Promise<string>
  /** Ends the log. */
  close(): Promise<void>
}

export interface RunOptions {
  cwd?: string
  env?: Record<string, string>
  signal?: AbortSignal
}

/** Lines of a failed program that are shown: more are in the log. */
const SHOWN_LINES = 15

export function openProgress(log: string, print: (line: string) => void, nowMs: () => number): Progress {
  const file = createWriteStream(log)
  const startedMs = nowMs()
  const step = (text: string) => {
    const elapsedS = Math.round((nowMs() - startedMs) / 1000)
    const clock = `${String(Math.floor(elapsedS / 60)).padStart(3)}:${String(elapsedS % 60).padStart(2, '0')}`
    print(`${clock}  ${text}`)
    file.write(`${clock}  ${text}\n`)
  }
  return {
    log,
    step,
    close: () => new Promise(resolve => file.end(resolve)),
    run: async (command, args, { cwd, env, signal } = {}) => {
      file.write(`+ ${[command, ...args].join(' ')}\n`)
      const child = spawn(command, args, {
        stdin: 'ignore',
        ...(cwd === undefined ? {} : { cwd }),
        ...(env === undefined ? {} : { env }),
        ...(signal === undefined ? {} : { signal }),
      })
      const lines: string[] = []
      try {
        for await (const line of child) {
          file.write(`${line}\n`)
          lines.push(line)
          if (line.startsWith('== ')) step(line.slice(3))
        }
        return lines.join('\n')
      } catch (err) {
        if (!(err instanceof SubprocessError)) throw err
        if (signal?.aborted) throw new UserError('stopped', EXIT.failed, { cause: err })
        if (errorCode(err.cause) === 'ENOENT')
          throw new UserError(`cannot run ${command}`, EXIT.unavailable, { cause: err })
        throw new UserError(
          `${command} failed (all of it is in ${log}):\n  ${lines.slice(-SHOWN_LINES).join('\n  ')}`,
          EXIT.failed,
          { cause: err },
        )
      }
    },
  }
}
