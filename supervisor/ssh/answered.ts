/** A promise for a callback of ssh2, which may come late, twice or never. */

/**
 * Calls `start` with a function that settles the promise; that one returns false when it came too late, and what it was given
 * is then nobody's. Settles with `otherwise()` when one of the signals is aborted, also when it was before: `start` is then
 * not called. What `start` throws counts as `otherwise`.
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
