/** Proves a tunnel that is up again and again, and says when it must be given up. */
import { backoffMs } from '../../runtime/backoff.ts'
import type { Clock } from '../../runtime/clock.ts'
import type { Intervals } from '../../runtime/device-config.ts'
import type { Logger } from '../../runtime/log.ts'
import { withDeadline } from '../../runtime/with-deadline.ts'
import { probe } from '../proof/probe.ts'
import type { SelfTestResult } from '../proof/self-test.ts'
import type { Ending, Tunnel } from './connect-once.ts'
import type { Wake } from './wake.ts'

export interface WatchOptions {
  intervals: Intervals
  clock: Clock
  random(): number
  wake: Wake
  signal: AbortSignal
  /** The listeners are to be closed: the connection stays. */
  closing: AbortSignal
  selfTest(signal: AbortSignal): Promise<SelfTestResult>
  report: Reports
  log: Logger
}

/** What is found out on the way. */
export interface Reports {
  selfTest(result: SelfTestResult): void
  probeTook(ms: number): void
  probeFailed(cause: string): void
  /** Seconds since another supervisor of this identity was turned away; undefined when none was. */
  others(seconds: number | undefined): void
}

/** Self-tests in a row that may fail while the probe succeeds, before a tunnel that nobody uses is built anew. */
const FAILURES_MAX = 3
/** Milliseconds between two self-tests while they fail. */
const RETEST = { minMs: 5_000, maxMs: 60_000 }

/**
 * Returns when the connection ended, when we are to stop, or when only a new connection can help. A tunnel through which
 * the probe still comes back is not cut while people are in: it may be their last way.
 */
export async function watchTunnel(tunnel: Tunnel, options: WatchOptions): Promise<Ending | { kind: 'closed' }> {
  const { intervals, clock, random, wake, signal, closing, report, log } = options
  const over = [signal, tunnel.ended, closing]
  let failures = 0
  let testAtMs = clock.nowMs()
  let probeAtMs = clock.nowMs() + intervals.probeS * 1000
  for (;;) {
    const reasons = await wake.wait(Math.max(0, Math.min(testAtMs, probeAtMs) - clock.nowMs()), over)
    if (signal.aborted) return { kind: 'stopped' }
    if (tunnel.ended.aborted) return { kind: 'lost', cause: tunnel.endCause() }
    if (closing.aborted) return { kind: 'closed' }

    if (reasons.size === 0 && clock.nowMs() < testAtMs) {
      probeAtMs = clock.nowMs() + intervals.probeS * 1000
      const cause = await probeAll(tunnel, options)
      report.others(await ask(tunnel, options))
      if (cause === undefined || over.some(({ aborted }) => aborted)) continue
      report.probeFailed(cause)
      log.warn({ cause }, 'the in-band probe failed')
    }

    const result = await withDeadline(intervals.timeoutS * 1000, over, options.selfTest)
    if (over.some(({ aborted }) => aborted)) continue
    report.selfTest(result)
    failures = result.ok ? 0 : failures + 1
    testAtMs = clock.nowMs() + (result.ok ? intervals.selftestS * 1000 : backoffMs(failures, RETEST, random))
    if (result.ok) continue
    log.warn({ cause: result.cause, local: result.local, failures }, 'the self-test failed')
    if (result.local || !(await mustGiveUp(tunnel, failures, options)) || closing.aborted) continue
    return { kind: 'unproved', cause: result.cause }
  }
}

async function mustGiveUp(tunnel: Tunnel, failures: number, options: WatchOptions): Promise<boolean> {
  const { shell, console } = tunnel.forwarding.sessions()
  const inUse = shell + console > 0
  if (failures >= FAILURES_MAX && !inUse) return true
  return (await probeAll(tunnel, options)) !== undefined
}

/** Probes each listener; gives what is wrong with the first that fails. */
async function probeAll(tunnel: Tunnel, options: WatchOptions): Promise<string | undefined> {
  const { intervals, clock, signal, closing, report } = options
  for (const { listener } of tunnel.routes) {
    const result = await withDeadline(intervals.timeoutS * 1000, [signal, tunnel.ended, closing], deadline =>
      probe(tunnel.client, { listener, nowMs: clock.nowMs, signal: deadline }),
    )
    if (!result.ok) return result.cause
    report.probeTook(result.tookMs)
  }
  return undefined
}

function ask(tunnel: Tunnel, { intervals, signal }: WatchOptions): Promise<number | undefined> {
  const { control } = tunnel
  if (!control) return Promise.resolve(undefined)
  return withDeadline(intervals.timeoutS * 1000, [signal, tunnel.ended], deadline => control.others(deadline))
}
