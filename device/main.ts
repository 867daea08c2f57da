/** `oobm`, what a person types on the device. */
import { paintFor } from '../cli/paint.ts'
import { runCommandLine } from '../cli/read-command-line.ts'
import { systemClock } from '../runtime/clock.ts'
import { runMain } from '../runtime/run-main.ts'
import { PROGRAM } from './commands/all-commands.ts'

void runMain(signal => {
  const print = (line: string) => void process.stdout.write(`${line}\n`)
  const context = { env: process.env, print, paint: paintFor(process.stdout), clock: systemClock, signal }
  return runCommandLine(PROGRAM, process.argv.slice(2), print, ({ command, ...line }) =>
    command.run({ ...line, ...context }),
  )
})
