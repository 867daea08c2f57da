/** Runs a program's main and ends the process: the one file that calls `process.exit`. */
import { basename } from 'node:path'
import { EXIT, errorCode, UserError } from './errors.ts'
import { printable } from './printable.ts'

/** Milliseconds that a daemon has to come to rest after SIGTERM: below systemd's patience, and a technician's. */
const DRAIN_MS = 4_500

export interface MainOptions {
  /** Gets a defect with its stack, for a log that keeps it; standard error gets one line. */
  onDefect?(err: unknown): void
}

/**
 * Calls `main` with a signal that SIGTERM, SIGINT and SIGHUP abort, and exits with the code that it returns.
 * A {@link UserError} is printed as its message alone, a system error in one line (exit 1). Anything else is a defect, as
 * are an uncaught exception and an unhandled rejection: printed in one line, they abort the signal, so that `main` cleans
 * up, and end the process with 70 whatever `main` returns.
 */
export async function runMain(
  main: (signal: AbortSignal) => Promise<number>,
  { onDefect = () => {} }: MainOptions = {},
): Promise<never> {
  const controller = new AbortController()
  let isDefective = false
  /** The code for an end that was asked for by `code`: a defect is never hidden by an orderly end. */
  const codeOf = (code: number) => (isDefective ? EXIT.software : code)
  const stop = () => {
    if (controller.signal.aborted) return
    controller.abort()
    setTimeout(() => process.exit(codeOf(EXIT.failed)), DRAIN_MS).unref()
  }
  const failByDefect = (err: unknown) => {
    // What fails while everything is being ended is a consequence of the first.
    if (isDefective) return
    isDefective = true
    process.exitCode = EXIT.software
    process.stderr.write(describe(err))
    onDefect(err)
    stop()
  }
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, stop)
  process.on('uncaughtException', failByDefect)
  process.on('unhandledRejection', failByDefect)
  // A reader that went away (`oobm status | head`) is not a failure.
  process.stdout.on('error', () => process.exit(codeOf(EXIT.ok)))
  process.stderr.on('error', () => {})
  // For a loop that runs empty before main has an answer: nothing was done then.
  process.exitCode = EXIT.failed
  try {
    const code = await main(controller.signal)
    await flushed(process.stdout)
    process.exit(codeOf(code))
  } catch (err) {
    if (err instanceof UserError) process.stderr.write(`${err.message}\n`)
    // The system's own refusal: one line says it all, and it is no defect.
    else if (errorCode(err) !== undefined) process.stderr.write(describe(err))
    else failByDefect(err)
    await flushed(process.stderr)
    process.exit(codeOf(err instanceof UserError ? err.exitCode : EXIT.failed))
  }
}

/** One line, with the causes of the cause; the stack follows at the log level `debug`. */
function describe(err: unknown): string {
  const program = basename(process.argv[1] ?? 'node').replace(/\.[a-z]+$/, '')
  const causes: string[] = []
  for (let cause = err; cause !== undefined && causes.length < 4; cause = (cause as Error | undefined)?.cause) {
    const text = cause instanceof Error ? `${cause.name}: ${cause.message}` : String(cause)
    causes.push(text.trim().replaceAll(/\s*\n\s*/g, '; '))
  }
  const isDebug = ['debug', 'trace'].includes(process.env.OOBM_LOG_LEVEL ?? '')
  const hint = isDebug || errorCode(err) !== undefined ? '' : ' (a defect; OOBM_LOG_LEVEL=debug shows where)'
  const line = `${program}: ${printable(causes.join('; '), 1_000)}${hint}\n`
  return isDebug && err instanceof Error ? `${line}${err.stack}\n` : line
}

/** Writes to a pipe are asynchronous: an exit before they are done would cut the last lines. */
function flushed(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise(resolve => stream.write('', () => resolve()))
}
