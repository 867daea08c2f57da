/** Proves a tunnel whose listeners are open again and again, and says when it must be given up. */
import type { Failure } from '../failure.ts'
import type { Step } from '../proof/in-band-login.ts'
import { probe } from '../proof/probe.ts'
import type { Tunnel } from '../tunnel/establish.ts'
import { bulkFlows } from './bulk.ts'
import { type Mode, type Proof, type ProveOnceOptions, proveOnce } from './prove-once.ts'
import { Wake } from './wake.ts'

export interface ProveReports {
  proof(proof: Proof): void
  probeTook(ms: number): void
  probeFailed(cause: string): void
  /** Seconds since another supervisor of this identity was turned away. Without an answer, what is known becomes older. */
  others(seconds: number): void
}

export interface ProveOptions extends ProveOnceOptions {
  /** More relays than this one wait for their turn. */
  hasOtherRelays: boolean
  report: ProveReports
}

/** Milliseconds between two proofs while they fail: the wait doubles from the one to the other. */
const RETEST = { minMs: 2_000, maxMs: 12_000 }
/**
 * Milliseconds until a second connection is tried again where none could be made: soon, as after a cable that was plugged in
 * again, and ever more seldom, since whoever drops them counts them, too.
 */
const AGAIN = { minMs: 30_000, maxMs: 600_000 }
/** The same where the relay does not say either that others can connect. */
const UNREACHED_MS = 25_000
/** Milliseconds between two self-tests for the network's sake: a flapping link is not to cost a self-test at each turn. */
const NETWORK_PACE_MS = 60_000
/** Milliseconds by which a proof is put off while bulk flows, at one time and in all. */
const POSTPONE = { byMs: 10_000, maxMs: 1_800_000 }
/** Failures in a row after which a tunnel that was proved before, or is the only one to be had, is built anew. */
const FAILURES_MAX = 3
/** Milliseconds after a proof in which a probe would say nothing new. */
const FRESH_MS = 10_000
/** Steps of the longest round: a self-test, a login after it, and looks at this end. */
const STEPS_MAX = 16

/** Returns why the tunnel is of no use, or undefined when it is over. */
export async function proveTunnel(tunnel: Tunnel, options: ProveOptions): Promise<Failure | undefined> {
  const { context, over } = options
  const wake = new Wake(context.clock)
  const unsubscribe = context.events.subscribe(reason => wake.notify(reason))
  const track = context.progress.track(`proof of ${tunnel.relay.host}`)
  try {
    return await prove(tunnel, options, wake, withinMs => track.beat(withinMs))
  } finally {
    unsubscribe()
    track.end()
  }

  async function prove(
    tunnel: Tunnel,
    options: ProveOptions,
    wake: Wake,
    beat: (withinMs: number) => void,
  ): Promise<Failure | undefined> {
    const { report } = options
    const { clock, random, intervals, patience, log } = context
    const isBulk = () => bulkFlows(tunnel.connection, clock, over)
    const probeMs = intervals.probeS * 1000
    const selftestMs = intervals.selftestS * 1000
    let mode: Mode = 'login'
    let proofAtMs = clock.nowMs()
    let probeAtMs = proofAtMs + probeMs
    let testedAtMs = Number.NEGATIVE_INFINITY
    let provedAtMs: number | undefined
    let failures = 0
    // Self-tests in a row for which no second connection could be made.
    let untested = 0
    let postponedMs = 0
    let unreached: string | undefined
    for (;;) {
      const waitMs = Math.max(0, Math.min(proofAtMs, probeAtMs) - clock.nowMs())
      beat(waitMs)
      const reasons = await wake.wait(waitMs, over)
      if (over.aborted) return undefined
      beat(patience.proofMs(STEPS_MAX))
      if (reasons.has('test') || reasons.has('local')) {
        proofAtMs = clock.nowMs()
        mode = reasons.has('test') ? 'self-test' : 'login'
      }
      // While it fails it is tried again soon anyway.
      if (reasons.has('network') && provedAtMs !== undefined && failures === 0) {
        proofAtMs = Math.min(proofAtMs, Math.max(clock.nowMs(), testedAtMs + NETWORK_PACE_MS))
        mode = 'self-test'
      }
      if (Math.min(proofAtMs, probeAtMs) > clock.nowMs()) continue
      const isProved = provedAtMs !== undefined
      if (isProved && !reasons.has('test') && postponedMs < POSTPONE.maxMs && (await isBulk())) {
        postponedMs += POSTPONE.byMs
        const laterMs = clock.nowMs() + POSTPONE.byMs
        proofAtMs = Math.max(proofAtMs, laterMs)
        probeAtMs = Math.max(probeAtMs, laterMs)
        // One line: only what would fill the line further, or fail on a full one, is put off.
        await askOthers(tunnel, options)
        continue
      }
      if (over.aborted) return undefined
      postponedMs = 0
      const isDue = proofAtMs <= clock.nowMs()
      // Before each proof, too: it takes a second where a proof of what has stopped to forward takes a minute.
      if (provedAtMs !== undefined && clock.nowMs() - provedAtMs > FRESH_MS) {
        const cause = await probeAll(tunnel, options)
        probeAtMs = clock.nowMs() + probeMs
        if (over.aborted) return undefined
        if (!isDue) await askOthers(tunnel, options)
        if (over.aborted) return undefined
        const hasFailed = cause !== undefined && !(await isBulk())
        if (!hasFailed && !isDue) continue
        if (hasFailed) {
          log.warn({ cause }, 'the in-band probe failed')
          report.probeFailed(cause)
          mode = 'login'
        }
      }
      if (mode === 'self-test') testedAtMs = clock.nowMs()
      const proof = await proveOnce(tunnel, mode, { ...options, unreached })
      if (over.aborted) return undefined
      probeAtMs = clock.nowMs() + probeMs
      if (proof.ok) {
        report.proof(proof)
        await askOthers(tunnel, options)
        if (over.aborted) return undefined
        patience.proved(slowestMs(proof.steps))
        provedAtMs = clock.nowMs()
        failures = 0
        unreached = undefined
        // The login proves at once; after it, a second connection shows whether one can be made.
        const isTested = proof.by === 'self-test'
        if (mode === 'self-test') untested = isTested ? 0 : untested + 1
        const againMs = Math.min(AGAIN.maxMs, AGAIN.minMs * 2 ** (untested - 1))
        const nextMs = mode === 'login' ? 0 : isTested ? selftestMs : Math.min(againMs, selftestMs)
        proofAtMs = clock.nowMs() + nextMs
        mode = 'self-test'
        continue
      }
      unreached = proof.unreached ?? unreached
      // A relay that cannot say whether others can connect is tried again, seldom: whoever drops connections counts them.
      mode = unreached !== undefined && clock.nowMs() - testedAtMs >= UNREACHED_MS ? 'self-test' : 'login'
      if (isProved && !proof.keep && (await isBulk())) {
        log.info({ cause: proof.cause }, 'ignoring a proof that failed while much data flows')
        proofAtMs = clock.nowMs() + POSTPONE.byMs
        continue
      }
      report.proof(proof)
      log.warn({ cause: proof.cause, keep: proof.keep, failures }, 'the way back is not proved')
      proofAtMs = clock.nowMs() + Math.min(RETEST.maxMs, RETEST.minMs * 2 ** failures) * (0.8 + 0.4 * random())
      if (!proof.keep) failures++
      if (proof.keep || !(await mustGiveUp(failures, isProved))) continue
      return over.aborted ? undefined : { state: 'unproved', cause: proof.cause }
    }
  }

  async function mustGiveUp(failures: number, isProved: boolean): Promise<boolean> {
    if (!isProved && options.hasOtherRelays) return true
    if (failures < FAILURES_MAX) return false
    const { shell, console } = tunnel.forwarding.sessions()
    // It may be their last way: as long as the probe comes back, nobody is cut.
    return shell + console === 0 || (await probeAll(tunnel, options)) !== undefined
  }
}

/** Milliseconds of the slowest step of a login: what this board needs. How long a new connection takes is the network's matter. */
function slowestMs(steps: readonly Step[]): number {
  return Math.max(0, ...steps.filter(({ name }) => !name.startsWith('relay')).map(({ tookMs }) => tookMs))
}

/** Probes each listener; gives what is wrong with the first that fails. */
async function probeAll(tunnel: Tunnel, { context, over, report }: ProveOptions): Promise<string | undefined> {
  const { clock, patience } = context
  for (const { listener } of tunnel.routes) {
    const options = { listener, nowMs: clock.nowMs }
    const result = await patience.probeStep([over], signal => probe(tunnel.connection, { ...options, signal }))
    if (result === undefined) return `listener ${listener} leads nowhere: no SSH greeting came back in time`
    if (!result.ok) return result.cause
    report.probeTook(result.tookMs)
  }
  return undefined
}

async function askOthers({ control }: Tunnel, { context, over, report }: ProveOptions): Promise<void> {
  const seconds = control && (await context.patience.probeStep([over], signal => control.others(signal)))
  if (seconds !== undefined && !over.aborted) report.others(seconds)
}
