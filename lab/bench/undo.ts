/** Gives a benchmark the context that a test has: it undoes things at the end, in reverse order. */
import type { TestContext } from '../../testbed/suite.ts'

export async function withUndo<T>(run: (context: TestContext) => Promise<T>): Promise<T> {
  const disposers: (() => unknown)[] = []
  const controller = new AbortController()
  const undo = async () => {
    controller.abort()
    for (let dispose = disposers.pop(); dispose; dispose = disposers.pop()) await dispose()
  }
  const interrupted = () => void undo().then(() => process.exit(130))
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
