/** Looks for a device at several relays: which is tried when, and which counts; the connections themselves are the caller's. */

import { OVER, whenAborted } from '../../../runtime/waiting.ts'

export interface Way {
  /** What is told of it. */
  relay: string
  /** Resolves when the greeting of the device has arrived; never, where it does not. */
  answer: Promise<unknown>
  /** Resolves when the next relay may be tried: nobody can be asked for a passphrase by this one any more. */
  turn: Promise<unknown>
  /** Why the device is not there, as a part of a sentence. */
  problem(): string
  /** Whether the relay itself did not answer in time, and may do so with more of it. */
  wasSlow(): boolean
  close(): Promise<void>
}

/** Seconds in which a relay must answer: so that a dead one costs little, and then so that a slow network finds one at all. */
const CONNECT_S = [3, 15] as const

/**
 * One relay after the other: the next begins when the one before has failed, or has let us in and the device keeps silent; never
 * while ssh may ask a person for something. A device that was slow and answers after all counts as well.
 * @param open starts ssh to a relay; without a number, with the time that the person's settings give it
 * @returns the way that answered; undefined when none does. `tried` has all of them, the last attempt at each relay.
 */
export async function findDevice<W extends Way, R>(
  relays: readonly R[],
  open: (relay: R, connectS: number | undefined) => Promise<W>,
  tell: (problem: W) => void,
  signal: AbortSignal,
): Promise<{ found: W | undefined; tried: readonly W[] }> {
  const tried = new Map<R, W>()
  const done = new AbortController()
  const ended = whenAborted(signal, done.signal).then(() => undefined)
  let found: W | undefined
  try {
    for (const connectS of relays.length === 1 ? [undefined] : CONNECT_S) {
      for (const relay of relays) {
        const earlier = tried.get(relay)
        if (earlier !== undefined && !earlier.wasSlow()) continue
        const way = await open(relay, connectS)
        tried.set(relay, way)
        const answers = [...tried.values()].map(one => one.answer.then(() => one))
        found = await Promise.race([...answers, way.turn.then(() => undefined), ended])
        if (found !== undefined || signal.aborted) return { found, tried: [...tried.values()] }
        tell(way)
      }
    }
    return { found, tried: [...tried.values()] }
  } finally {
    done.abort(OVER)
    await Promise.all([...tried.values()].filter(way => way !== found).map(way => way.close()))
  }
}
