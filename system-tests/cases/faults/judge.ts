/** What an observation comes to: its figures, and which limits of its row were missed; pure. */
import { type Claim, type Observation, type PartyWays, PROMISING, type Way } from './observation.ts'
import { type Span, stretches, total, without } from './spans.ts'

export interface Shown {
  state: RegExp
  cause?: RegExp
}

/** What a row demands. Times are milliseconds. */
export interface Demands {
  /** Way and state are good again within this, from the end of the fault, or from its beginning where it ends unnoticed. */
  healMs: number
  /** For how long a promising state may be shown while the way is gone: the longest stretch. */
  outlastMs: number
  /** Which ways the fault may not cut at all. */
  keeps?: readonly (keyof PartyWays)[]
  /** For each: at some time between the fault and the healing this is shown. */
  shows?: Shown[]
  /** No state of that name in that time. */
  never?: RegExp
  /** Whether no way may be promised again before the fault is over, once it has shown. */
  toTheEnd?: boolean
}

export interface Figures {
  /** From the loss of the way until no promise is shown any more; absent where the state did not change in time. */
  noticeMs?: number
  /** The longest stretch of a promising state without a way. */
  outlastMs: number
  /** Until the way is there for good; absent when it was not until the end. */
  wayMs?: number
  /** Until way and state are good for good. */
  healMs?: number
  /** Without a way, in all. */
  goneMs: number
  /** In order, without what is the same as before. */
  states: { state: string; cause: string }[]
  bytes: number
  syns: number
}

export interface Verdict {
  ours: Figures
  peer?: Pick<Figures, 'wayMs' | 'goneMs' | 'bytes' | 'syns'>
  /** One sentence each; empty where the row passes. */
  missed: string[]
}

export function judge(seen: Observation, demands: Demands): Verdict {
  const ours = figuresOf(seen)
  const peer = seen.peer && {
    ...untilGood(seen, seen.peer.both, goneIn(seen, seen.peer.both), fromOf(seen)),
    goneMs: total(goneIn(seen, seen.peer.both)),
    ...(seen.cost.peer ?? { bytes: 0, syns: 0 }),
  }
  return { ours, ...(peer ? { peer } : {}), missed: [...missedOf(seen, demands, ours), ...seen.found] }
}

function missedOf(
  seen: Observation,
  { healMs, outlastMs, keeps = [], shows = [], never, toTheEnd }: Demands,
  ours: Figures,
) {
  const missed: string[] = []
  if (ours.healMs === undefined) {
    const what = ours.wayMs === undefined ? 'the way is not back' : 'the way is back, and the state is not'
    missed.push(`not healed: ${what} ${seconds(seen.overAtMs - seen.endAtMs)} after the fault`)
  } else if (ours.healMs > healMs) missed.push(`healed after ${seconds(ours.healMs)}, not within ${seconds(healMs)}`)
  if (ours.outlastMs > outlastMs) {
    missed.push(`a way in was promised for ${seconds(ours.outlastMs)} without one, not ${seconds(outlastMs)} at most`)
  }
  for (const end of keeps) {
    const gone = goneIn(seen, seen.ours[end])
    if (gone.length > 0)
      missed.push(`the way to ${WHAT[end]} was cut for ${seconds(total(gone))}: ${whyGone(seen, end)}`)
  }
  for (const shown of shows) {
    if (!ours.states.some(one => matches(one, shown))) {
      missed.push(`never shown: ${shown.state.source}${shown.cause ? ` with the cause ${shown.cause.source}` : ''}`)
    }
  }
  const early = toTheEnd ? promisedEarly(seen) : undefined
  if (early !== undefined) missed.push(`a way in was promised again ${seconds(early)} before the end of the fault`)
  const wrong = ours.states.find(({ state }) => never?.test(state))
  if (wrong) missed.push(`shown, and wrong: ${wrong.state} (${wrong.cause})`)
  return missed
}

/** Milliseconds before the end of the fault at which its last sign was gone. */
function promisedEarly(seen: Observation): number | undefined {
  const lastMs = unpromisedIn(seen).findLast(([fromMs]) => fromMs < seen.endAtMs)?.[1]
  return lastMs !== undefined && lastMs < seen.endAtMs ? seen.endAtMs - lastMs : undefined
}

const WHAT = {
  both: 'shell and consoles',
  shell: 'the shell',
  console: 'the consoles',
  held: 'the listeners',
} as const

const whyGone = (seen: Observation, end: keyof PartyWays) =>
  seen.ours[end].find(({ ok, atMs }) => !ok && atMs >= seen.faultAtMs)?.why ?? 'before the fault'

const matches = (claim: { state: string; cause: string }, { state, cause }: Shown) =>
  state.test(claim.state) && (cause?.test(claim.cause) ?? true)

function figuresOf(seen: Observation): Figures {
  const gone = goneIn(seen, seen.ours.both)
  const unpromised = unpromisedIn(seen)
  const outlasting = gone.flatMap(span => without(span, unpromised))
  const firstGone = gone[0]
  const noticed = firstGone && unpromised.find(([, toMs]) => toMs > firstGone[0])
  const noticeMs = firstGone && noticed && Math.max(0, noticed[0] - firstGone[0])
  const fromMs = fromOf(seen)
  const { wayMs } = untilGood(seen, seen.ours.both, gone, fromMs)
  const { wayMs: healMs } = untilGood(seen, seen.ours.both, [...gone, ...unpromised], fromMs)
  return {
    ...(noticeMs === undefined ? {} : { noticeMs }),
    outlastMs: Math.max(0, ...outlasting.map(([fromMs, toMs]) => toMs - fromMs)),
    ...(wayMs === undefined ? {} : { wayMs }),
    ...(healMs === undefined ? {} : { healMs }),
    goneMs: total(gone),
    states: statesOf(seen),
    ...seen.cost.ours,
  }
}

/** Healing counts from the end of the fault, or from its beginning if it ends before the device shows anything. */
function fromOf(seen: Observation): number {
  const [firstMs] = unpromisedIn(seen)[0] ?? [Number.POSITIVE_INFINITY]
  return firstMs <= seen.endAtMs ? seen.endAtMs : seen.faultAtMs
}

const unpromisedIn = (seen: Observation) =>
  stretches(windowOf(seen), seen.claims, ({ state }) => !PROMISING.includes(state))

/** The time after `fromMs` when the last of the bad spans is over; none when it never is, or nothing was seen at all. */
function untilGood(seen: Observation, ways: readonly Way[], bad: readonly Span[], fromMs: number): { wayMs?: number } {
  const lastMs = Math.max(fromMs, ...bad.map(([, toMs]) => toMs))
  return ways.length === 0 || lastMs >= seen.overAtMs ? {} : { wayMs: lastMs - fromMs }
}

const goneIn = (seen: Observation, ways: readonly Way[]) => stretches(windowOf(seen), ways, ({ ok }) => !ok)

const windowOf = ({ faultAtMs, overAtMs }: Observation): Span => [faultAtMs, overAtMs]

function statesOf({ claims, faultAtMs, overAtMs }: Observation): { state: string; cause: string }[] {
  const shown = claims.filter(({ atMs }, at) => atMs <= overAtMs && (claims[at + 1]?.atMs ?? overAtMs) > faultAtMs)
  return shown
    .map(({ state, cause }: Claim) => ({ state, cause }))
    .filter((one, at, all) => at === 0 || one.state !== all[at - 1]?.state || one.cause !== all[at - 1]?.cause)
}

export function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`
}
