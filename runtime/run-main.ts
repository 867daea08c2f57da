/** Runs a program's main and ends the process: the one file that calls `process.exit`. */
import { basename } from 'node:path'
import { isatty } from 'node:tty'
import { EXIT, errorCode, UserError } from './errors.ts'
import {
  describeDefect,
  describeSystemError,
  isAbort,
  isSystemError,
  keepStack,
  reasonOf,
  type SystemError,
} from './unexpected.ts'
import { VERSION } from './version.ts'

/** Milliseconds that a daemon has to come to rest after SIGTERM: below systemd's patience, and a technician's. */
const DRAIN_MS = 4_500

export interface MainOptions {
  /** Gets a defect with its stack, for a log that keeps it; without one, the stack goes to a file. */
  onDefect?(err: unknown): void
}

/**
 * Calls `main` with a signal that SIGTERM, SIGINT and SIGHUP abort, and exits with the code that it returns.
 * A {@link UserError} is printed as its message alone, a refusal of the system in one line (exit 1), and so is work that was
 * interrupted. Anything else is a defect, as are an uncaught exception and an unhandled rejection: printed in one line that
 * names the file with the stack, they abort the signal, so that `main` cleans up, and end the process with 70 whatever
 * `main` returns. A reader of standard output that goes away aborts the signal too, and takes nothing from the exit code;
 * output that was not written for another cause is never a success. Whose terminal is gone dies by SIGHUP, as shells expect.
 */
export async function runMain(
  main: (signal: AbortSignal) => Promise<number>,
  { onDefect }: MainOptions = {},
): Promise<never> {
  const controller = new AbortController()
  let isDefective = false
  let isUnsaid = false
  let isStopping = false
  const terminals = [0, 1, 2].filter(fd => isatty(fd))
  const end = (code: number): never => {
    // The last of those who listen for the end: the others clean up first.
    if (!terminals.every(fd => isatty(fd))) process.once('exit', dieBySighup)
    return process.exit(codeOf(code))
  }
  /** The code for an end that was asked for by `code`: a defect is never hidden by an orderly end. */
  const codeOf = (code: number) => (isDefective ? EXIT.software : isUnsaid && code === EXIT.ok ? EXIT.failed : code)
  const stop = () => {
    if (isStopping) return
    isStopping = true
    controller.abort()
    setTimeout(() => end(EXIT.failed), DRAIN_MS).unref()
  }
  const failByDefect = (err: unknown) => {
    // What fails while everything is being ended is a consequence of the first.
    if (isDefective) return
    isDefective = true
    process.exitCode = EXIT.software
    process.stderr.write(lineOfDefect(err, onDefect === undefined))
    onDefect?.(err)
    stop()
  }
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, stop)
  process.on('uncaughtException', failByDefect)
  process.on('unhandledRejection', failByDefect)
  process.stdout.on('error', err => {
    // A reader that went away (`oobm status | head`) is not a failure. What is being done is not cut short for it.
    if (errorCode(err) === 'EPIPE') return controller.abort()
    if (!isUnsaid) process.stderr.write(`${programName()}: cannot write standard output: ${reasonOf(err)}\n`)
    isUnsaid = true
  })
  process.stderr.on('error', () => {})
  // For a loop that runs empty before main has an answer: nothing was done then.
  process.exitCode = EXIT.failed
  try {
    const code = await main(controller.signal)
    await flushed(process.stdout)
    return end(code)
  } catch (err) {
    if (controller.signal.aborted && isAbort(err))
      process.stderr.write(`${process.stderr.isTTY ? '\n' : ''}${programName()}: interrupted\n`)
    else if (err instanceof UserError) process.stderr.write(`${err.message}\n`)
    // The system's own refusal: one line says it all, and it is no defect.
    else if (isSystemError(err)) process.stderr.write(lineOf(err))
    else failByDefect(err)
    await flushed(process.stderr)
    return end(err instanceof UserError ? err.exitCode : EXIT.failed)
  }
}

/** Node.js aborts when it ends without a terminal that it had: it insists on giving back its settings (ResetStdio in node.cc). */
function dieBySighup(): void {
  process.removeAllListeners('SIGHUP')
  process.kill(process.pid, 'SIGHUP')
}

function programName(): string {
  return basename(process.argv[1] ?? 'node').replace(/\.[a-z]+$/, '')
}

/** The stack follows at the log level `debug`. */
function lineOf(err: SystemError): string {
  const line = `${programName()}: ${describeSystemError(err)}`
  return isDebug() ? `${line}\n${err.stack}\n` : `${line}\n`
}

/** @param isKept whether the stack goes to a file, because no log has it */
function lineOfDefect(err: unknown, isKept: boolean): string {
  const file = isKept && !isDebug() ? keepStack(programName(), VERSION, err) : undefined
  const where = file === undefined ? 'OOBM_LOG_LEVEL=debug shows where' : `please report it with ${file}`
  const hint = isDebug() ? '' : ` (a defect; ${where})`
  const line = `${programName()}: ${describeDefect(err)}${hint}\n`
  return isDebug() && err instanceof Error ? `${line}${err.stack}\n` : line
}

function isDebug(): boolean {
  return ['debug', 'trace'].includes(process.env.OOBM_LOG_LEVEL ?? '')
}

/** Writes to a pipe are asynchronous: an exit before they are done would cut the last lines. */
function flushed(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise(resolve => stream.write('', () => resolve()))
}
