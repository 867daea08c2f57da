/** A program on a terminal of its own, whose other end goes away: a window that is closed, an ssh that dies. */
import { join } from 'node:path'
import { type ProgramOptions, runProgram } from './run-program.ts'

const PROGRAM = join(import.meta.dirname, 'hang-up.py')

/**
 * Waits until the program says the text, and closes the other end of its terminal.
 * @returns the signal by which the program ended, or `exit N`
 */
export async function hangUp(text: string, command: readonly string[], options: ProgramOptions = {}): Promise<string> {
  const { code, stdout, stderr } = await runProgram('python3', [PROGRAM, text, ...command], {
    timeoutMs: 90_000,
    ...options,
  })
  if (code !== 0) throw new Error(`${command.join(' ')}\n${stdout}${stderr}`)
  return stdout.trim()
}
