/** The desk as a person starts it, and what is known of it then. */
import { join } from 'node:path'
import { programArgs } from '../../../../testbed/programs.ts'
import { type Program, startProgram } from '../../../../testbed/run-program.ts'
import { scratchDirectory } from '../../../../testbed/scratch.ts'
import type { TestContext } from '../../../../testbed/suite.ts'

/** Milliseconds for a start on a machine that does much else. */
const START_MS = 120_000

export interface StartedDesk {
  program: Program
  /** With a token that is good once. */
  url: string
  port: number
  token: string
  /** $XDG_RUNTIME_DIR of the desk. */
  runtime: string
}

export async function startDesk(
  context: TestContext,
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
): Promise<StartedDesk> {
  const runtime = env.XDG_RUNTIME_DIR ?? (await scratchDirectory(context))
  const command = [...programArgs('relay-config/main.ts'), 'desk', '--print', ...args]
  const program = startProgram(process.execPath, command, { env: { XDG_RUNTIME_DIR: runtime, ...env } })
  context.cleanup(() => program.stop(10_000))
  context.onFailure(() => `the desk:\n${program.output()}`)
  const [url = '', port, token = ''] = await program.says(/http:\/\/127\.0\.0\.1:(\d+)\/#([0-9a-f]+)/, START_MS)
  return { program, url, port: Number(port), token, runtime }
}

/** A fleet on a relay's disk, as a desk on the relay itself reads it. @returns the arguments of the desk */
export function onRelay(folder: string): string[] {
  return ['--fleet', join(folder, 'fleet.toml'), '--state', join(folder, 'relay')]
}
