/** Opens a file in the person's browser. */
import { spawn } from 'node:child_process'
import { platform } from 'node:os'
import { settled } from '../../../../runtime/waiting.ts'

/** @returns why it could not; undefined when the system's opener took it */
export async function openInBrowser(
  file: string,
  env: NodeJS.ProcessEnv,
  signal: AbortSignal,
): Promise<string | undefined> {
  const isMac = platform() === 'darwin'
  if (!isMac && env.DISPLAY === undefined && env.WAYLAND_DISPLAY === undefined && env.BROWSER === undefined)
    return 'there is no graphical session here'
  const program = isMac ? 'open' : 'xdg-open'
  return settled<string | undefined>(signal, undefined, settle => {
    // It may run as long as the browser does, and it outlives the desk.
    const child = spawn(program, [file], { stdio: 'ignore', detached: true })
    child.unref()
    child.once('spawn', () => settle(undefined))
    child.once('error', () => settle(`${program} cannot be run`))
  })
}
