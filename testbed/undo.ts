/** Gives a program the context that a test has: it undoes things at the end or on Ctrl-C, in reverse order. */
import type { TestContext } from './suite.ts'

export async function withUndo<T>(run: (context: TestContext) => Promise<T>): Promise<T> {
  const disposers: (() => unknown)[] = []
  const controller = new AbortController()
  const undo = async () => {
    controller.abort()
    const failures: unknown[] = []
    for (let dispose = disposers.pop(); dispose; dispose = disposers.pop()) {
      try {
        await dispose()
      } catch (err) {
        failures.push(err)
      }
    }
    if (failures.length > 0) throw new AggregateError(failures, 'not everything could be undone')
  }
  const interrupted = () => void undo().finally(() => process.exit(130))
  process.once('SIGINT', interrupted)
  process.once('SIGTERM', interrupted)
  try {
    return await run({ signal: controller.signal, cleanup: dispose => disposers.push(dispose), onFailure: () => {} })
  } finally {
    process.off('SIGINT', interrupted)
    process.off('SIGTERM', interrupted)
    await undo()
  }
}
