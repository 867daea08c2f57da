/** What the page is told of the fleet, live: each relay is asked again and again by itself, and the page gets what has changed. */
import type { Clock } from '../../../../runtime/clock.ts'
import { UserError } from '../../../../runtime/errors.ts'
import { controllerUnder, OVER } from '../../../../runtime/waiting.ts'
import { type DeskDevice, type DeskMeans, type DeskRelay, type FleetNews, newsBetween } from '../rows.ts'

/** Where a desk gets its rows. `T` is what one relay answers. */
export interface FleetSource<T> {
  means: DeskMeans
  relays: readonly Pick<DeskRelay, 'name' | 'maySignIn'>[]
  /** @throws UserError with why there is no answer */
  ask(relay: string, signal: AbortSignal): Promise<T>
  /** One row for each device from the last answers of all relays. */
  merge(answers: ReadonlyMap<string, T>): DeskDevice[]
}

/** Milliseconds between two questions: a report comes every 30 s, and the state of a tunnel within seconds. */
const PAUSE_MS = 5_000
/** The same for a relay whose answer took long: a quarter of the time is spent on it at most. */
const PAUSE_FACTOR = 3
const FAILED_PAUSE_MAX_MS = 60_000

export interface FleetFeed {
  /** Tells everything now, and each change from then on. @returns what ends it */
  watch(send: (news: FleetNews) => void): () => void
  /** Asks all relays now: something was done. */
  hurry(): void
}

export function startFeed<T>(source: FleetSource<T>, clock: Clock, signal: AbortSignal): FleetFeed {
  const watchers = new Set<(news: FleetNews) => void>()
  const answers = new Map<string, T>()
  const relays = new Map(
    source.relays.map(relay => [relay.name, { ...relay, askedAtMs: undefined, problem: undefined } as DeskRelay]),
  )
  let known = new Map<string, string>()
  let devices: readonly DeskDevice[] = source.merge(answers)
  let pause = controllerUnder(signal)
  const publish = (name: string, change: Partial<DeskRelay>) => {
    const relay = relays.get(name)
    if (relay === undefined) return
    relays.set(name, { ...relay, ...change })
    devices = source.merge(answers)
    const news = newsBetween(known, devices)
    known = news?.known ?? known
    const told = { ...(news && { devices: news.devices, gone: news.gone }), relays: [...relays.values()] }
    for (const send of watchers) send({ nowMs: clock.wallMs(), ...told })
  }
  const follow = async (name: string) => {
    let failures = 0
    while (!signal.aborted) {
      const fromMs = clock.nowMs()
      // Nobody looks: nobody is asked.
      if (watchers.size > 0) {
        try {
          answers.set(name, await source.ask(name, signal))
          failures = 0
          publish(name, { askedAtMs: clock.wallMs(), problem: undefined })
        } catch (err) {
          if (!(err instanceof UserError)) throw err
          failures++
          if (!signal.aborted) publish(name, { problem: err.message })
        }
      }
      const tookMs = clock.nowMs() - fromMs
      const failedMs = Math.min(FAILED_PAUSE_MAX_MS, PAUSE_MS * 2 ** Math.min(failures, 5))
      await clock.sleep(failures > 0 ? failedMs : Math.max(PAUSE_MS, tookMs * PAUSE_FACTOR), pause.signal)
    }
  }
  const hurry = () => {
    const old = pause
    pause = controllerUnder(signal)
    old.abort(OVER)
    old.release()
  }
  known = newsBetween(known, devices)?.known ?? known
  for (const { name } of source.relays) void follow(name)
  return {
    hurry,
    watch: send => {
      watchers.add(send)
      send({ nowMs: clock.wallMs(), means: source.means, devices, relays: [...relays.values()] })
      if (watchers.size === 1) hurry()
      return () => void watchers.delete(send)
    },
  }
}
