/** Plays the pattern of the present state on a backend, until it is closed. */
import type { Clock } from '../../runtime/clock.ts'
import type { Logger } from '../../runtime/log.ts'
import type { LedBackend } from './led-backend.ts'
import { phaseAt, type Shown } from './pattern.ts'

export interface Led {
  readonly description: string
  /**
   * Shows a state from now on. With `forMs`, shows it for so many milliseconds only and then the other one again:
   * the lamp test, and `here`.
   */
  show(state: Shown, forMs?: number): void
  /** Ends dark, and gives the LED back. */
  close(): Promise<void>
}

/** setTimeout's limit is 2^31 - 1 ms; waking once an hour costs nothing. */
const LONGEST_SLEEP_MS = 3_600_000

export function playLed(backend: LedBackend, clock: Clock, log: Logger): Led {
  let standing: Shown | undefined
  let passing: { state: Shown; untilMs: number } | undefined
  let closing = false
  let wake = new AbortController()

  const stateAt = (nowMs: number): Shown | undefined => {
    if (passing !== undefined && nowMs >= passing.untilMs) passing = undefined
    return passing?.state ?? standing
  }

  const draw = watched(log, backend.description)

  const play = async () => {
    let shown: { state: Shown; sinceMs: number } | undefined
    while (!closing) {
      // Made before the state is read: a change after this line cuts the sleep below short.
      wake = new AbortController()
      const nowMs = clock.nowMs()
      const state = stateAt(nowMs)
      let sleepMs = LONGEST_SLEEP_MS
      if (state !== undefined) {
        const isNew = shown?.state !== state
        if (shown === undefined || isNew) shown = { state, sinceMs: nowMs }
        const { lit, remainingMs } = phaseAt(state, nowMs - shown.sinceMs)
        if (isNew || backend.flashes) await draw(() => backend.draw(state, lit))
        if (backend.flashes) sleepMs = remainingMs
      }
      if (passing !== undefined) sleepMs = Math.min(sleepMs, passing.untilMs - nowMs)
      await clock.sleep(sleepMs, wake.signal)
    }
    await draw(() => backend.close())
  }

  const played = play()
  return {
    description: backend.description,
    show: (state, forMs) => {
      if (forMs === undefined) standing = state
      else passing = { state, untilMs: clock.nowMs() + forMs }
      wake.abort()
    },
    close: async () => {
      closing = true
      wake.abort()
      await played
    },
  }
}

/** Runs an effect on the LED; one that fails is logged once, tried again at the next flash, and never ends anything. */
function watched(log: Logger, led: string): (effect: () => void | Promise<void>) => Promise<void> {
  let failing = false
  return async effect => {
    try {
      await effect()
      if (failing) log.info({ led }, 'the LED works again')
      failing = false
    } catch (err) {
      if (!failing) log.warn({ led, err }, 'the LED cannot be driven; all else continues')
      failing = true
    }
  }
}
