/** Removes a folder that may have been some machine's root: what is still mounted in it belongs to somebody else. */
import { runProgram } from '../testbed/run-program.ts'

export async function removeFolder(path: string): Promise<void> {
  const { code, stderr } = await runProgram('rm', ['-rf', '--one-file-system', path], { timeoutMs: 300_000 })
  if (code !== 0) throw new Error(stderr)
}
