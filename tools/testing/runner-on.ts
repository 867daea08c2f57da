/** Runs the runner on test files that a test wrote. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { pathToFileURL } from 'node:url'
import { runProgram } from '../../testbed/run-program.ts'

const TOOLS = join(import.meta.dirname, '..')
export const ROOT = join(TOOLS, '..')
export const RUNNER = ['--import', 'tsx', join(TOOLS, 'run-tests.ts')]

export interface Fixture {
  /** Below the root, as the runner names it. */
  folder: string
  write(name: string, body: string): void
  remove(): void
}

/** A folder of test files; each body that is not empty finds `test` declared, and `randomCases`. */
export function makeFixture(files: Record<string, string>): Fixture {
  const path = mkdtempSync(join(TOOLS, 'fixture-'))
  const imports = `import { randomCases, suite } from '${pathToFileURL(join(ROOT, 'testbed/suite.ts'))}'\nconst test = suite('inner')\n`
  const write = (name: string, body: string) =>
    writeFileSync(join(path, name), body.trim() === '' ? '' : imports + body)
  for (const [name, body] of Object.entries(files)) write(name, body)
  return { folder: relative(ROOT, path), write, remove: () => rmSync(path, { recursive: true, force: true }) }
}

/** Returns what the runner says of these files, by name; a body alone is that of one unit test file. */
export async function runnerOn(
  files: string | Record<string, string>,
  options: string[] = [],
): Promise<{ status: number | null; output: string }> {
  const fixture = makeFixture(typeof files === 'string' ? { 'inner.test.ts': files } : files)
  try {
    const { code, stdout, stderr } = await runProgram(process.execPath, [...RUNNER, fixture.folder, ...options], {
      cwd: ROOT,
      timeoutMs: 100_000,
    })
    return { status: code, output: stdout + stderr }
  } finally {
    fixture.remove()
  }
}
