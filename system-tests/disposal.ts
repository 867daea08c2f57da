/** Runs something, and undoes in reverse order whatever it left to be undone, also when it failed. */
import type { Undo } from './machine/host.ts'

export async function withDisposal<T>(run: (undo: Undo) => Promise<T>): Promise<T> {
  const disposers: (() => unknown)[] = []
  const failures: unknown[] = []
  try {
    return await run({ cleanup: dispose => disposers.push(dispose) })
  } finally {
    for (let dispose = disposers.pop(); dispose; dispose = disposers.pop()) {
      try {
        await dispose()
      } catch (err) {
        failures.push(err)
      }
    }
    for (const failure of failures) process.stderr.write(`not undone: ${failure}\n`)
  }
}
