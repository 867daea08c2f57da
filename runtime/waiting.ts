/** The one way to wait for something outside: it races its work against its deadline and its signals, and always settles. */
import { type Clock, systemClock } from './clock.ts'

/** The reason that our own aborts give: without one, each makes an exception with a stack, which costs a small board the most. */
export const OVER = 'over'

/** How a bounded wait ended. */
export type Outcome<T> =
  | { kind: 'done'; value: T }
  | /** Its own time was over. */ { kind: 'timeout' }
  | /** Nobody wants it any more. */ { kind: 'aborted' }

/**
 * Calls `run` with a signal that is aborted after `ms` milliseconds, when a parent is aborted, and in any case at the end.
 * Settles at that moment whether or not `run` does. With a parent that is aborted already, `run` is not called.
 * @param discard gets what abandoned work gives after all, such as a connection that has to be closed
 * @throws what `run` throws in time; what it throws later is nobody's
 */
export async function within<T>(
  ms: number,
  parents: readonly AbortSignal[],
  run: (signal: AbortSignal) => Promise<T>,
  { clock = systemClock, discard = () => {} }: { clock?: Clock; discard?(late: T): unknown } = {},
): Promise<Outcome<T>> {
  if (parents.some(({ aborted }) => aborted)) return { kind: 'aborted' }
  const over = new AbortController()
  return new Promise((resolve, reject) => {
    let isOpen = true
    const settle = (finish: () => void) => {
      if (!isOpen) return
      isOpen = false
      for (const parent of parents) parent.removeEventListener('abort', abandon)
      finish()
      over.abort(OVER)
    }
    const abandon = () => settle(() => resolve({ kind: 'aborted' }))
    for (const parent of parents) parent.addEventListener('abort', abandon)
    void clock.sleep(ms, over.signal).then(() => settle(() => resolve({ kind: 'timeout' })))
    run(over.signal).then(
      value => (isOpen ? settle(() => resolve({ kind: 'done', value })) : discard(value)),
      err => settle(() => reject(err)),
    )
  })
}

/** Resolves when the signal is aborted, also when it was before; leaves no listener behind once `until` is aborted too. */
export function whenAborted(signal: AbortSignal, until?: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    const done = () => {
      signal.removeEventListener('abort', done)
      until?.removeEventListener('abort', done)
      resolve()
    }
    if (signal.aborted || until?.aborted) return resolve()
    signal.addEventListener('abort', done)
    until?.addEventListener('abort', done)
  })
}

/**
 * A promise for an adapter of callbacks: `start` calls `settle` once with the answer; an abort, also an earlier one, settles
 * with `otherwise`. No listener outlives it.
 * @throws what `start` throws
 */
export function settled<T>(signal: AbortSignal, otherwise: T, start: (settle: (value: T) => void) => void): Promise<T> {
  if (signal.aborted) return Promise.resolve(otherwise)
  return new Promise((resolve, reject) => {
    const onAbort = () => settle(otherwise)
    const settle = (value: T) => {
      signal.removeEventListener('abort', onAbort)
      resolve(value)
    }
    signal.addEventListener('abort', onAbort)
    try {
      start(settle)
    } catch (err) {
      signal.removeEventListener('abort', onAbort)
      reject(err)
    }
  })
}

/** A controller that is aborted with its parents, also when they were before; `release` leaves nothing behind on them. */
export function controllerUnder(...parents: readonly AbortSignal[]): AbortController & { release(): void } {
  const controller = new AbortController()
  const abort = () => controller.abort(OVER)
  for (const parent of parents) parent.addEventListener('abort', abort)
  if (parents.some(({ aborted }) => aborted)) abort()
  const release = () => {
    for (const parent of parents) parent.removeEventListener('abort', abort)
  }
  return Object.assign(controller, { release })
}
