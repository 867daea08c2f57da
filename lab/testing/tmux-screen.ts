/** What a person sees: a program on a terminal that tmux draws. */
import { join } from 'node:path'
import { runProgram } from '../../testbed/run-program.ts'
import { waitFor } from '../../testbed/wait-for.ts'
import type { TestContext } from '../../tools/suite.ts'

/** A terminal of 80 columns and 24 lines. */
export async function screenOf(context: TestContext, directory: string, command: string[]) {
  const socket = join(directory, `tmux-${Math.random().toString(36).slice(2)}`)
  const line = command.map(word => `'${word}'`).join(' ')
  const tmux = (...args: string[]) => runProgram('tmux', ['-S', socket, '-f', '/dev/null', ...args])
  await tmux('new-session', '-d', '-x', '80', '-y', '24', `${line}; echo "[exit $?]"; exec sleep 600`)
  context.cleanup(() => tmux('kill-server'))
  const text = async () => (await tmux('capture-pane', '-p')).stdout
  context.onFailure(text)
  return {
    text,
    tmux,
    keys: (...names: string[]) => tmux('send-keys', ...names),
    literally: (text: string) => tmux('send-keys', '-l', text),
    shows: (pattern: RegExp, timeoutMs = 60_000) =>
      waitFor(`${pattern} on the screen`, async () => pattern.exec(await text()), { timeoutMs }),
  }
}
