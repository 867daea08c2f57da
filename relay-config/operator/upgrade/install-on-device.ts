/** The upgrade of a device whose files are there: started, and watched until the device proved itself or went back. */
import { EXIT } from '../../../runtime/errors.ts'
import { printable } from '../../../runtime/printable.ts'
import { installScript, TIDY_SCRIPT } from './device-scripts.ts'
import { isUnderWay, type Standing, standingOf } from './device-state.ts'
import type { Outcome } from './outcome.ts'
import { ASK_MS, askState, describeVersions, type Prepared, type Work } from './prepare-device.ts'

/** Milliseconds to make a system on a slow board with a bad card; people on consoles come on top. */
const MAKE_MS = 2 * 3_600_000
/** Milliseconds to start, prove itself or not within 15 min, start again, and be reached over a bad line. */
const TRIAL_MS = 45 * 60_000
const PACE_MS = 10_000
/** Attempts to start it, where a connection is lost before the device said anything. */
const STARTS_MAX = 3

export async function installOnDevice(work: Work, prepared: Prepared): Promise<Outcome> {
  if (!prepared.isUnderWay) {
    const early = (await start(work, prepared)) ?? (await whetherNothing(work, prepared))
    if (early) return early
  }
  const outcome = await watch(work, prepared)
  if (outcome.kind !== 'done') return outcome
  const { packages } = prepared
  await work.way.run(
    TIDY_SCRIPT,
    packages.map(({ sha256 }) => sha256),
    ASK_MS,
  )
  return outcome
}

/** Until the device restarts, or the connection is lost: it goes on without it. @returns undefined where it may have been started */
async function start(work: Work, { packages }: Prepared): Promise<Outcome | undefined> {
  const { way, idleS, isDistribution, tell, clock, signal } = work
  const args = [idleS === undefined ? '-' : String(idleS), ...packages.map(({ sha256 }) => sha256)]
  const limitMs = MAKE_MS + (idleS ?? 0) * 1000
  for (let attempt = 1; ; attempt++) {
    tell('installs')
    let heard = ''
    const answer = await way.run(installScript(isDistribution), args, limitMs, text => {
      heard += text
      const line = printable(heard.trim().split('\n').at(-1)?.trim() ?? '', 120)
      if (line !== '') tell('installs', undefined, line)
    })
    if (answer.kind === 'answered') {
      if (answer.code === EXIT.ok) return undefined
      const isRefusal = answer.code === EXIT.unavailable
      return { kind: isRefusal ? 'refused' : 'failed', detail: whyFailed(answer.said) }
    }
    if (heard !== '') return undefined
    if (signal.aborted)
      return { kind: 'under way', detail: 'just started, or not; the same command watches it, or starts it' }
    if (attempt === STARTS_MAX) return { kind: 'unreachable', detail: answer.reason }
    await clock.sleep(PACE_MS, signal)
  }
}

/** `--distribution` alone may find every package as new as it can be; then no restart follows. */
async function whetherNothing(work: Work, { before, packages }: Prepared): Promise<Outcome | undefined> {
  if (packages.length > 0) return undefined
  const state = await askState(work)
  if ('kind' in state || state.boot !== before.boot || isUnderWay(state)) return undefined
  return { kind: 'already', detail: 'every package is as new as it can be' }
}

/** The last words, without the one that says that nothing was changed: the summary does. */
function whyFailed(said: string): string {
  const lines = said
    .split('\n')
    .filter(line => line.trim() !== '' && !line.startsWith('oobm upgrade: nothing was changed'))
  return printable(
    lines
      .slice(-2)
      .map(line => line.trim())
      .join(' / ')
      .replaceAll('oobm upgrade: ', ''),
    400,
  )
}

const WORDS: Record<Standing['kind'], string> = {
  making: 'installs',
  restarting: 'restarts',
  'on trial': 'on trial: it has 15 min to prove itself',
  done: '',
  failed: '',
}

async function watch(work: Work, { before, packages }: Prepared): Promise<Outcome> {
  const { clock, signal, tell, idleS } = work
  let kind: Standing['kind'] | undefined
  let deadlineMs = clock.nowMs() + TRIAL_MS
  let isAway = false
  while (!signal.aborted) {
    const state = await askState(work)
    if (!('kind' in state)) {
      isAway = false
      const standing = standingOf(state, before, packages)
      if (standing.kind === 'done') return { kind: 'done', detail: describeVersions(packages) }
      if (standing.kind === 'failed') return { kind: 'failed', detail: standing.reason }
      if (standing.kind !== kind) {
        kind = standing.kind
        tell(WORDS[kind])
        deadlineMs = clock.nowMs() + (kind === 'making' ? MAKE_MS + (idleS ?? 0) * 1000 : TRIAL_MS)
      }
    } else if (!isAway && !signal.aborted) {
      isAway = true
      kind = undefined
      tell('away: it restarts')
    }
    if (clock.nowMs() >= deadlineMs) {
      const why = 'kind' in state ? `not heard of since the restart: ${state.detail}` : 'it does not come to an end'
      const advice = 'it goes back by itself unless it can prove itself; "oobm-relay status" says when it is there'
      return { kind: 'failed', detail: `${why}; ${advice}` }
    }
    await clock.sleep(PACE_MS, signal)
  }
  return { kind: 'under way', detail: 'it goes on by itself; the same command says how it ended' }
}
