/** One attempt with a time limit: a signal of its own, which never outlives it. */

/**
 * Calls `run` with a signal that is aborted after `ms` milliseconds, when one of `parents` is aborted, and in any case
 * when `run` is done: nothing that listens to it is left behind on the parents.
 */
export async function withDeadline<T>(
  ms: number,
  parents: readonly AbortSignal[],
  run: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController()
  const abort = () => controller.abort()
  const timer = setTimeout(abort, ms)
  for (const parent of parents) parent.addEventListener('abort', abort)
  if (parents.some(({ aborted }) => aborted)) abort()
  try {
    return await run(controller.signal)
  } finally {
    clearTimeout(timer)
    for (const parent of parents) parent.removeEventListener('abort', abort)
    controller.abort()
  }
}
