/** Runs this program once more in namespaces of its own: a network without a way out, and a process tree that ends with it. */
import { spawn } from 'node:child_process'

/** @returns its exit code */
export async function runIsolated(
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  signal: AbortSignal,
): Promise<number> {
  const unshare = ['--net', '--mount', '--pid', '--fork', '--kill-child', '--mount-proc']
  // A shell as the first process: it waits for all that are left behind, which node would not.
  const shell = ['sh', '-c', '"$@"; exit $?', 'sh']
  const node = [process.execPath, ...process.execArgv, ...args]
  const child = spawn('unshare', [...unshare, ...shell, ...node], { stdio: 'inherit', env: { ...process.env, ...env } })
  signal.addEventListener('abort', () => child.kill('SIGKILL'))
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', code => resolve(code ?? 130))
  })
}
