/** A promise for a callback of ssh2, which may come late, twice or never. */

/**
 * Calls `start` with a function that settles the promise; it returns false when it is called too late, and its value
 * is then not used. Settles with `otherwise()` when one of the signals is aborted; if it was aborted before, `start` is
 * not called. An exception of `start` counts as `otherwise`.
 */
export function answered<T>(
  signals: readonly AbortSignal[],
  otherwise: (thrown?: unknown) => T,
  start: (settle: (value: T) => boolean) => void,
): Promise<T> {
  if (signals.some(({ aborted }) => aborted)) return Promise.resolve(otherwise())
  return new Promise(resolve => {
    let isOpen = true
    const settle = (value: T) => {
      if (!isOpen) return false
      isOpen = false
      for (const signal of signals) signal.removeEventListener('abort', onAbort)
      resolve(value)
      return true
    }
    const onAbort = () => settle(otherwise())
    for (const signal of signals) signal.addEventListener('abort', onAbort)
    try {
      start(settle)
    } catch (err) {
      // ssh2 throws "Not connected" from a call in place of giving it to the callback.
      settle(otherwise(err))
    }
  })
}
