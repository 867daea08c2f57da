/** Runs a program's main and ends the process: the one file that calls `process.exit`. */
import { EXIT, UserError } from './errors.ts'

/** Milliseconds that a daemon has to come to rest after SIGTERM: below systemd's patience, and a technician's. */
const DRAIN_MS = 4_500

/**
 * Calls `main` with a signal that SIGTERM, SIGINT and SIGHUP abort, and exits with the code that it returns.
 * A {@link UserError} is printed as its message alone; anything else is a defect and is printed with its stack.
 */
export async function runMain(main: (signal: AbortSignal) => Promise<number>): Promise<never> {
  const controller = new AbortController()
  const stop = () => {
    if (controller.signal.aborted) return
    controller.abort()
    setTimeout(() => process.exit(EXIT.failed), DRAIN_MS).unref()
  }
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, stop)
  // A reader that went away (`oobm status | head`) is not a failure.
  process.stdout.on('error', () => process.exit(EXIT.ok))
  try {
    const code = await main(controller.signal)
    await flushed(process.stdout)
    process.exit(code)
  } catch (err) {
    process.stderr.write(`${err instanceof UserError ? err.message : ((err as Error)?.stack ?? String(err))}\n`)
    await flushed(process.stderr)
    process.exit(err instanceof UserError ? err.exitCode : EXIT.failed)
  }
}

/** Writes to a pipe are asynchronous: an exit before they are done would cut the last lines. */
function flushed(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise(resolve => stream.write('', () => resolve()))
}
