/** How fast the way of the tunnel is, up and down: through the relay, over a second connection. The tunnel is watched meanwhile, and comes first. */
import { SPEED_LIMITS, type SpeedDirection, type SpeedResult } from '../../formats/speed.ts'
import type { Clock } from '../../runtime/clock.ts'
import { controllerUnder, OVER, within } from '../../runtime/waiting.ts'
import type { Context } from '../loop/ports.ts'
import { reach } from '../loop/reach.ts'
import type { Connection } from '../ssh/connection.ts'
import type { Tunnel } from '../tunnel/establish.ts'
import { type Direction, moveBytes, type Passed } from './one-direction.ts'
import { settledKbit } from './settled-rate.ts'

export type Outcome = SpeedResult['outcome']

export interface MeasureOptions {
  context: Pick<Context, 'clock' | 'uplinks' | 'config' | 'signal'>
  tunnel: Pick<Tunnel, 'connection' | 'relay' | 'via'>
  /** It may go by a line that is paid by the byte. */
  mayCost: boolean
  /** A fresh login at the relay, by the way of the tunnel. */
  reach(signal: AbortSignal): ReturnType<typeof reach>
  /** Bytes in both directions over this interface; undefined where nobody knows. */
  bytesOf(name: string): number | undefined
  /** Microseconds of a processor that this process has used. */
  cpuMicros(): number
}

/** Milliseconds between two round trips in the tunnel, of one before, and for the login. */
const PING_PACE_MS = 250
const IDLE_MS = 10_000
const LOGIN_MS = 60_000
/** Milliseconds for the TCP connection. */
const SYN_MS = 5_000

/** The options of the running supervisor. */
export function overTunnel(context: Context, tunnel: Tunnel): Pick<MeasureOptions, 'context' | 'tunnel' | 'reach'> {
  const { relay, via } = tunnel
  return {
    ...{ context, tunnel },
    reach: signal => reach(context, { relay, via, synMs: SYN_MS, ident: 'oobm_speed' }, signal),
  }
}

export async function measure(options: MeasureOptions): Promise<Outcome> {
  const { context, tunnel, mayCost } = options
  const { clock, signal } = context
  const why = whyMetered(options)
  if (why !== undefined && !mayCost) return { kind: 'metered', cause: why }
  const parents = [signal, tunnel.connection.closed]
  const idle = await within(IDLE_MS, parents, until => tunnel.connection.ping(until), { clock })
  if (idle.kind !== 'done' || idle.value === undefined) return failed('the tunnel does not answer')
  const reached = await within(LOGIN_MS, parents, until => options.reach(until), {
    clock,
    discard: late => late.ok && late.connection.destroy(),
  })
  if (reached.kind !== 'done') return failed('no second connection to the relay came about in time')
  if (!reached.value.ok) return failed(reached.value.failure.cause)
  const { connection } = reached.value
  try {
    const down = await oneWay(options, connection, 'down')
    if ('kind' in down) return down
    const up = await oneWay(options, connection, 'up')
    if ('kind' in up) return up
    return { kind: 'measured', idleMs: Math.round(idle.value), up, down }
  } finally {
    // Without a goodbye: what is still underway would fill the line further.
    connection.destroy()
  }
}

async function oneWay(
  options: MeasureOptions,
  connection: Connection,
  direction: Direction,
): Promise<SpeedDirection | Outcome> {
  const { context, tunnel, bytesOf, cpuMicros } = options
  const { clock, signal } = context
  const name = uplinkOf(options)
  const look = () => {
    const { receivedBytes, sentBytes } = connection.activity()
    return { own: receivedBytes + sentBytes, all: name === undefined ? undefined : bytesOf(name), cpu: cpuMicros() }
  }
  const over = controllerUnder(signal, connection.closed, tunnel.connection.closed)
  const startMs = clock.nowMs()
  const before = look()
  const pings = watchTunnel(tunnel.connection, clock, over)
  const time = new AbortController()
  void clock.sleep(SPEED_LIMITS.ms, time.signal).then(() => over.abort(OVER))
  let passed: Passed
  try {
    passed = await moveBytes(connection, direction, SPEED_LIMITS.bytes, clock, over.signal)
  } finally {
    time.abort(OVER)
    over.abort(OVER)
    over.release()
  }
  const ms = Math.max(1, clock.nowMs() - startMs)
  const after = look()
  const { worstMs, wasSilent } = await pings
  if (signal.aborted) return failed('the supervisor ends')
  if (wasSilent) {
    return failed(`the tunnel had no answer for ${SPEED_LIMITS.tunnelMs / 1_000} s while bytes went ${direction}`)
  }
  if (tunnel.connection.closed.aborted) return failed('the tunnel ended meanwhile')
  if (!passed.ok) return passed.kind === 'unknown' ? { kind: 'old-relay', cause: passed.cause } : failed(passed.cause)
  if (connection.closed.aborted) return failed(`the connection ended: ${connection.closeCause()}`)
  return {
    kbit: settledKbit(passed.samples) ?? null,
    bytes: passed.samples.at(-1)?.bytes ?? 0,
    ms: Math.round(ms),
    tunnelMs: worstMs === undefined ? null : Math.round(worstMs),
    cpuPercent: Math.round((after.cpu - before.cpu) / 10 / ms),
    othersKbit: othersKbit(before, after, ms),
  }
}

/** Round trips in the tunnel until the signal is aborted; it is aborted when one takes too long. */
async function watchTunnel(tunnel: Connection, clock: Clock, over: AbortController) {
  let worstMs: number | undefined
  let wasSilent = false
  while (!over.signal.aborted && !wasSilent) {
    const { tunnelMs } = SPEED_LIMITS
    const answer = await within(tunnelMs, [over.signal], until => tunnel.ping(until), { clock })
    if (answer.kind === 'done' && answer.value !== undefined) worstMs = Math.max(worstMs ?? 0, answer.value)
    wasSilent = answer.kind === 'timeout'
    if (!wasSilent) await clock.sleep(PING_PACE_MS, over.signal)
  }
  over.abort(OVER)
  return { worstMs, wasSilent }
}

/** What headers and acknowledgements add to the bytes of a connection is not others'. */
const HEADERS = 1.1

function othersKbit(
  before: { own: number; all: number | undefined },
  after: { own: number; all: number | undefined },
  ms: number,
): number | null {
  if (before.all === undefined || after.all === undefined) return null
  const bytes = after.all - before.all - (after.own - before.own) * HEADERS
  return Math.max(0, Math.round((bytes * 8) / ms))
}

/** The interface that the tunnel goes by. */
export function uplinkOf({ context, tunnel }: Pick<MeasureOptions, 'context' | 'tunnel'>): string | undefined {
  return context.uplinks.wayOf(tunnel.connection.localAddress, tunnel.via.interface).uplink
}

/** What speaks for a line that is paid by the byte; undefined where nothing does. */
function whyMetered({ context, tunnel }: MeasureOptions): string | undefined {
  const { uplinks, config } = context
  const { uplink, isMetered } = uplinks.wayOf(tunnel.connection.localAddress, tunnel.via.interface)
  const entry = config.uplinks.find(one => one.interface === uplink)
  if (entry?.metered === false) return undefined
  const name = uplink ?? 'the way out'
  if (isMetered) return `${name} is metered`
  if (config.profile === 'cellular') return `${name} may be metered: the profile of this device is "cellular"`
  return entry?.budgetMbDay === undefined ? undefined : `${name} has a budget of bytes`
}

function failed(cause: string): Outcome {
  return { kind: 'failed', cause }
}
