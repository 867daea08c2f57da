/** A login at a relay by one way, or by the first that leads there. */
import type { RelayConfig } from '../../formats/device-config.ts'
import { RUNGS, type Rung, type Via } from '../../transport/way.ts'
import { type Blame, isWorthTrying } from '../network/rung-order.ts'
import { type Reached, reachRelay } from '../tunnel/reach-relay.ts'
import { BUDGET_WAIT_MAX_MS } from './connection-budget.ts'
import type { Context } from './ports.ts'
import { loginAt } from './relay-login.ts'

export interface ReachRequest {
  relay: RelayConfig
  /** One way; without a rung, each that may help is tried. */
  via?: Partial<Via>
  /** Milliseconds for a TCP connection to come about; twice as many for the relay to greet, where that is less than usual. */
  synMs: number
  /** Software name in our identification string (RFC 4253, section 4.2). */
  ident?: string
}

type NotReached = Extract<Reached, { ok: false }>

/** Milliseconds that {@link reach} takes at the most: each way waits for the budget, and has a connection, a greeting and a login of its own. */
export function reachMaxMs({ patience }: Pick<Context, 'patience'>, synMs: number): number {
  return RUNGS.length * (BUDGET_WAIT_MAX_MS + synMs + patience.stepMs * 2)
}

/** Logs in at a relay over a fresh connection, within the budget. */
export async function reach(context: Context, request: ReachRequest, signal: AbortSignal): Promise<Reached> {
  const { ways, portals } = context
  const { relay, via = {} } = request
  const { interface: name, rung: only } = via
  if (only !== undefined) return reachBy(context, request, { ...via, rung: only }, signal)
  const failed = new Map<Rung, NotReached>()
  for (const rung of ways.order(relay, name)) {
    if (!isWorthTrying(rung, blames(failed))) continue
    const reached = await reachBy(context, request, { ...via, rung }, signal, failed.size > 0)
    if (signal.aborted) return reached
    ways.tried(relay, name, rung, reached.ok ? undefined : reached.failure.cause)
    if (reached.ok) {
      ways.ended(relay, name, true)
      portals.reached(name)
      return reached
    }
    failed.set(rung, reached)
  }
  ways.ended(relay, name, false)
  const failure = together(failed)
  if (failure.blame !== 'relay') portals.notReached(relay.host, name)
  return failure
}

/** @param isNext whether another way was tried before: this one waits less for an answer, so that a dead relay is soon found */
async function reachBy(
  context: Context,
  request: ReachRequest,
  via: Via,
  signal: AbortSignal,
  isNext = false,
): Promise<Reached> {
  const { budget, patience, clock, dial, connect } = context
  const { credentials } = loginAt(context, request.relay)
  if (!(await budget.take(signal)))
    return { ok: false, failure: { state: 'no-relay', cause: 'it was stopped' }, blame: 'relay' }
  const greetMs = Math.min(patience.stepMs / 2, patience.stretch(request.synMs * (isNext ? 1 : 2)))
  const { stepMs } = patience
  return reachRelay({ ...request, via, greetMs, credentials, dial, connect, clock, stepMs, signal })
}

function blames(failed: ReadonlyMap<Rung, NotReached>): Map<Rung, Blame> {
  return new Map([...failed].map(([rung, { blame }]) => [rung, blame]))
}

/** What the relay itself said counts, else how the simplest way failed; the others' causes are beside it. */
function together(failed: ReadonlyMap<Rung, NotReached>): NotReached {
  const all = RUNGS.flatMap(rung => failed.get(rung) ?? [])
  const main = all.find(({ blame }) => blame === 'relay') ?? all[0]
  if (main === undefined) {
    const cause = 'no way to the relay is left by the configuration'
    return { ok: false, failure: { state: 'no-relay', cause }, blame: 'way' }
  }
  const others = all.filter(one => one !== main).map(({ failure }) => failure.cause)
  return { ...main, failure: { ...main.failure, cause: [main.failure.cause, ...others].join('; ') } }
}
