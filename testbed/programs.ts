/** How a test starts a program of this repository: as a bundle of the test run, or from its source where a file runs alone. */
import { readFileSync } from 'node:fs'
import { cp, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { runProgram } from './run-program.ts'

const ROOT = join(import.meta.dirname, '..')

/** Names the folder where the test run has bundled all programs from the source as it was when the run began. */
export const BUILD_VARIABLE = 'OOBM_TEST_BUILD'

/**
 * Arguments of Node.js that start a program. From the source this takes a second of CPU time, five times as long as a bundle.
 * @param entry from the root of the repository, such as `device/main.ts`
 * @throws Error where the run has bundles and none of this entry
 */
export function programArgs(entry: string): string[] {
  const build = process.env[BUILD_VARIABLE]
  if (build === undefined) return ['--import', 'tsx', join(ROOT, entry)]
  const name = bundlesIn(build)[entry]
  if (name === undefined) throw new Error(`tools/bundle.ts makes no bundle of ${entry}`)
  return [join(build, 'lib', `${name}.cjs`)]
}

/** Puts what `make build` makes into a folder that is the caller's own. */
export async function buildInto(folder: string): Promise<void> {
  const build = process.env[BUILD_VARIABLE]
  if (build !== undefined) {
    await mkdir(folder, { recursive: true })
    await cp(build, folder, { recursive: true })
    return
  }
  const args = ['--import', 'tsx', 'tools/bundle.ts', folder]
  const { code, stderr } = await runProgram(process.execPath, args, { cwd: ROOT, timeoutMs: 120_000 })
  if (code !== 0) throw new Error(`tools/bundle.ts: ${stderr}`)
}

function bundlesIn(build: string): Record<string, string> {
  return JSON.parse(readFileSync(join(build, 'programs.json'), 'utf8')) as Record<string, string>
}
