/** Runs a program of sound, and never waits longer than it may take. */
import spawn from 'nano-spawn'
import { errorMessage } from '../../runtime/errors.ts'
import { within } from '../../runtime/waiting.ts'

/**
 * @param input for its standard input
 * @throws Error with the last line of what it says, also when it was too slow or `signal` was aborted
 */
export async function runVoice(
  command: string,
  args: readonly string[],
  limitMs: number,
  signal: AbortSignal,
  input = '',
): Promise<void> {
  const outcome = await within(limitMs, [signal], over =>
    spawn(command, args, { signal: over, killSignal: 'SIGKILL', stdin: { string: input }, stdout: 'ignore' }).catch(
      err => {
        const said = (err as { stderr?: string }).stderr?.trim().split('\n').at(-1)
        throw new Error(`${command}: ${said || errorMessage(err)}`)
      },
    ),
  )
  if (outcome.kind === 'timeout') throw new Error(`${command} did not end within ${limitMs} ms`)
  if (outcome.kind === 'aborted') throw new Error(`${command} was interrupted`)
}
