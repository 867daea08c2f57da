/** Proves the uplinks that stand by, while the tunnel goes over another one: a second connection over each, and back through the tunnel. */
import { errorMessage } from '../../runtime/errors.ts'
import { selfTest } from '../proof/self-test.ts'
import type { Way } from '../uplinks/uplinks.ts'
import type { Context } from './ports.ts'
import { loginOptionsOf } from './prove-once.ts'
import { reachMaxMs } from './reach.ts'
import { reachOver } from './reach-by-uplinks.ts'
import type { Run } from './run-tunnel.ts'
import { Wake } from './wake.ts'

/** Milliseconds between two looks at what is due, beside the network's own events. */
const LOOK_MS = 10_000
/** Milliseconds for the TCP connection: a modem that sleeps needs some. */
const SYN_MS = 5_000
/** Steps of the longest proof, after the login at the relay: two ways in. */
const STEPS = 6

/** Runs until the signal is aborted. @param carrying the tunnel that people use now @param onChange what is shown of them may have changed */
export async function proveStandbys(
  context: Context,
  carrying: () => Run | undefined,
  onChange: () => void,
): Promise<void> {
  const { clock, events, patience, progress, uplinks, signal, log } = context
  const track = progress.track('proof of uplinks')
  const wake = new Wake(clock)
  const unsubscribe = events.subscribe(reason => {
    if (reason === 'network') wake.notify(reason)
  })
  try {
    while (!signal.aborted) {
      const run = carrying()
      const next = run && isProved(run) ? uplinks.nextProof() : undefined
      const waitMs = Math.min(LOOK_MS, next === undefined ? LOOK_MS : next.dueMs - clock.nowMs())
      if (run === undefined || next === undefined || waitMs > 0) {
        track.beat(waitMs)
        await wake.wait(waitMs, signal)
        // What a metered one has cost since is shown, too.
        uplinks.look()
        if (!signal.aborted && uplinks.status() !== undefined) onChange()
        continue
      }
      track.beat(reachMaxMs(context, SYN_MS) + patience.stepMs * STEPS)
      uplinks.asked(next.way.uplink)
      const cause = await proveOne(context, run, next.way).catch(err => {
        log.error({ err }, 'the proof of an uplink ended by a defect')
        return `a defect of this program: ${errorMessage(err)}`
      })
      if (signal.aborted) break
      // A tunnel that fails meanwhile says nothing about the uplink.
      if (cause === undefined) uplinks.proved(next.way.uplink, clock.nowMs())
      else if (carrying() === run && isProved(run)) uplinks.failed(next.way.uplink, cause)
      onChange()
    }
  } finally {
    unsubscribe()
    track.end()
  }
}

function isProved({ facts }: Run): boolean {
  return facts.isOpen && facts.proof.state === 'proved'
}

/** @returns why it cannot carry the tunnel */
async function proveOne(context: Context, { tunnel }: Run, way: Way): Promise<string | undefined> {
  const { patience, signal } = context
  const { relay } = tunnel
  const over = [signal, tunnel.connection.closed]
  const tested = await selfTest({
    ...loginOptionsOf(context, relay, signal),
    // An uplink that is slow must not make the tunnel's own proof patient.
    step: run => patience.step(over, run),
    where: `${relay.host}:${relay.port}`,
    reach: () => reachOver(context, way, { relay, synMs: SYN_MS, ident: 'oobm_selftest' }, signal),
  })
  if (!tested.reached) return tested.failure.cause
  return tested.faults.shell ?? tested.faults.console
}
