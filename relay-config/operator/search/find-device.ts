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
  /** Whether ssh was logged in at the relay. */
  wasIn(): boolean
  /** Whether the relay itself did not answer in time, and may do so with more of it. */
  wasSlow(): boolean
  close(): Promise<void>
}

/** How relays are tried. */
export interface Stage {
  /** As ssh does it, or by another way, where the network lets plain SSH not through. */
  by: 'direct' | 'other'
  /** Seconds in which a relay must answer; undefined for the time that the person's settings give it. */
  connectS: number | undefined
}

/** Seconds for the other ways of a relay together, each of which has a limit of its own. */
const OTHER_WAYS_S = 15

/**
 * A dead relay costs little, and a slow network finds one at all. No other way is looked for before each relay was tried directly:
 * where networks are open, they cost nothing.
 */
const STAGES: readonly Stage[] = [
  { by: 'direct', connectS: 3 },
  { by: 'other', connectS: OTHER_WAYS_S },
  { by: 'direct', connectS: 15 },
]
/** For the only relay, where there is no other way to it. */
const PLAIN: readonly Stage[] = [{ by: 'direct', connectS: undefined }]

/**
 * One relay after the other: the next begins when the one before has failed, or has let us in and the device keeps silent; never
 * while ssh may ask a person for something. A device that was slow and answers after all counts as well.
 * @param open starts ssh to a relay; undefined where there is no such way to it
 * @returns the way that answered; undefined when none does. `tried` has all of them, the last attempt at each relay.
 */
export async function findDevice<W extends Way, R>(
  relays: readonly R[],
  open: (relay: R, stage: Stage) => Promise<W | undefined>,
  tell: (problem: W) => void,
  { signal, hasOtherWays = false }: { signal: AbortSignal; hasOtherWays?: boolean },
): Promise<{ found: W | undefined; tried: readonly W[] }> {
  const tried = new Map<R, W>()
  const slow = new Set<R>()
  const done = new AbortController()
  const ended = whenAborted(signal, done.signal).then(() => undefined)
  const stages = relays.length > 1 || hasOtherWays ? STAGES : PLAIN
  let found: W | undefined
  try {
    for (const stage of stages) {
      for (const relay of relays) {
        const earlier = tried.get(relay)
        if (earlier !== undefined && (earlier.wasIn() || (stage.by === 'direct' && !slow.has(relay)))) continue
        const way = await open(relay, stage)
        if (way === undefined) continue
        tried.set(relay, way)
        const answers = [...tried.values()].map(one => one.answer.then(() => one))
        found = await Promise.race([...answers, way.turn.then(() => undefined), ended])
        if (found !== undefined || signal.aborted) return { found, tried: [...tried.values()] }
        tell(way)
        if (way.wasSlow()) slow.add(relay)
      }
    }
    return { found, tried: [...tried.values()] }
  } finally {
    done.abort(OVER)
    await Promise.all([...tried.values()].filter(way => way !== found).map(way => way.close()))
  }
}
