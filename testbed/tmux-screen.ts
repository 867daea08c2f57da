/** Shows what a person sees of a program, on a terminal that tmux draws. */
import { join } from 'node:path'
import { runProgram } from './run-program.ts'
import { waitFor } from './wait-for.ts'

/** Where to register what has to be undone, and what to print after a failure. */
export interface Surroundings {
  cleanup(dispose: () => unknown): void
  onFailure(describe: () => Promise<string>): void
}

export interface ScreenOptions {
  /** Lines of 80 columns. */
  lines?: number
  /** The folder that the program runs in. */
  cwd?: string
}

/** Runs a command on a terminal of 80 columns and, by default, 24 lines. */
export async function screenOf(
  { cleanup, onFailure }: Surroundings,
  directory: string,
  command: string[],
  { lines = 24, cwd = process.cwd() }: ScreenOptions = {},
) {
  const socket = join(directory, `tmux-${Math.random().toString(36).slice(2)}`)
  const line = command.map(argument => `'${argument}'`).join(' ')
  const tmux = (...args: string[]) => runProgram('tmux', ['-S', socket, '-f', '/dev/null', ...args])
  const shell = `${line}; echo "[exit $?]"; exec sleep 600`
  await tmux('new-session', '-d', '-x', '80', '-y', String(lines), '-c', cwd, shell)
  cleanup(() => tmux('kill-server'))
  const text = async () => (await tmux('capture-pane', '-p')).stdout
  onFailure(text)
  return {
    text,
    /** Like `text`, with SGR sequences. */
    coloured: async () => (await tmux('capture-pane', '-e', '-p')).stdout,
    tmux,
    keys: (...names: string[]) => tmux('send-keys', ...names),
    literally: (text: string) => tmux('send-keys', '-l', text),
    shows: (pattern: RegExp, timeoutMs = 120_000) =>
      waitFor(`${pattern} on the screen`, async () => pattern.exec(await text()), { timeoutMs }),
  }
}
