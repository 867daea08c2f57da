/** Runs something, and undoes in reverse order what it left to be undone, also when it failed. */

/** Things to undo at the end, in reverse order. */
export interface Undo {
  cleanup(dispose: () => unknown): void
}

/** @param signal when it is aborted, everything is undone at once: what waits for a machine then ends with it */
export async function withDisposal<T>(run: (undo: Undo) => Promise<T>, signal?: AbortSignal): Promise<T> {
  const disposers: (() => unknown)[] = []
  const undoAll = async () => {
    for (let dispose = disposers.pop(); dispose; dispose = disposers.pop()) {
      try {
        await dispose()
      } catch (err) {
        process.stderr.write(`not undone: ${err}\n`)
      }
    }
  }
  const onAbort = () => void undoAll()
  signal?.addEventListener('abort', onAbort)
  try {
    return await run({ cleanup: dispose => disposers.push(dispose) })
  } finally {
    signal?.removeEventListener('abort', onAbort)
    await undoAll()
  }
}
