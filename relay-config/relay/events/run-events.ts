/** `oobm-relay events`: looks at the fleet again and again, and hands what happened to the sinks, each at its own pace. */
import { createHash } from 'node:crypto'
import { backoffMs } from '../../../runtime/backoff.ts'
import type { Clock } from '../../../runtime/clock.ts'
import { errorMessage } from '../../../runtime/errors.ts'
import { OVER, settled } from '../../../runtime/waiting.ts'
import { relaysOf } from '../../fleet/access.ts'
import type { Fleet } from '../../fleet/fleet-config.ts'
import type { HistoryEntry } from '../history.ts'
import type { DeviceView } from '../state/device-view.ts'
import { type Happening, KINDS, type RelayEvent } from './event.ts'
import type { EventsConfig } from './events-config.ts'
import type { EventsState } from './events-state.ts'
import { fromHistory } from './from-history.ts'
import { Outbox } from './outbox.ts'
import type { News } from './read-news.ts'
import type { Sink } from './sink.ts'
import { type DeviceMemory, noteLogin, sessionKey, watchDevice } from './watch-devices.ts'

export interface EventsOptions {
  /** The name of this relay, for the events. */
  relay: string
  config: EventsConfig
  sinks: ReadonlyMap<string, Sink>
  /** What was remembered; undefined at the first start of all. */
  state: EventsState | undefined
  look(): Promise<{ fleet: Fleet; views: readonly DeviceView[] }>
  readNews(marks: EventsState['marks'], devices: readonly string[]): Promise<News>
  save(state: EventsState): Promise<void>
  tell(text: string): void
  clock: Clock
  random(): number
}

/** Milliseconds between two looks. */
const LOOK_MS = 5_000
/** Milliseconds between two saves while nothing happens, and while a sink works through many. */
const [IDLE_SAVE_MS, BUSY_SAVE_MS] = [60_000, 1_000]
const BACKOFF = { minMs: 1_000, maxMs: 60_000 }
/** Failures in a row after which the problem is said again. */
const SAY_AGAIN = 30

export async function runEvents(options: EventsOptions, signal: AbortSignal): Promise<void> {
  const { config, sinks, tell, clock } = options
  const outboxes = new Map(
    config.sinks.map(({ name }) => [name, new Outbox(options.relay, options.state?.sinks[name])]),
  )
  for (const [name, { queue }] of Object.entries(options.state?.sinks ?? {})) {
    if (!outboxes.has(name) && queue.length > 0)
      tell(`sink ${name} is not in the file any more: ${queue.length} events for it are dropped`)
  }
  let { devices, marks, lookedAtMs } = options.state ?? { devices: {}, marks: { files: {} }, lookedAtMs: 0 }
  let isFirst = options.state === undefined
  const bell = new Bell()
  const save = sayOnce(tell, 'cannot save what was told', () =>
    options.save({
      ...{ version: 1, lookedAtMs, devices, marks },
      sinks: Object.fromEntries([...outboxes].map(([name, { state }]) => [name, state])),
    }),
  )

  /** @returns whether anything happened */
  const lookOnce = async (): Promise<boolean> => {
    const { fleet, views } = await options.look()
    const news = await options.readNews(
      marks,
      views.map(({ device }) => device),
    )
    const nowMs = clock.wallMs()
    const { memory, happened } = happenedSince(devices, views, news, {
      ...{ fleet, relay: options.relay, nowMs, settleMs: config.settleS * 1000, isFirst },
    })
    ;({ marks } = news)
    devices = memory
    lookedAtMs = nowMs
    isFirst = false
    for (const what of happened) {
      const event = eventOf(what, options.relay)
      for (const { name, events } of config.sinks) if (events.includes(event.event)) outboxes.get(name)?.put(event)
    }
    return happened.length > 0
  }
  const look = sayOnce(tell, 'cannot look at the fleet', lookOnce)

  const pumps = [...outboxes].map(([name, outbox]) => {
    const sink = sinks.get(name)
    return sink === undefined ? undefined : pump(name, sink, outbox, bell, options, signal)
  })
  let savedMs = Number.NEGATIVE_INFINITY
  while (!signal.aborted) {
    const startedMs = clock.nowMs()
    const isNews = (await look()) === true
    // Saved before it is sent: after a crash, it is sent twice rather than never.
    if (isNews || startedMs - savedMs >= IDLE_SAVE_MS) {
      await save()
      savedMs = startedMs
      bell.ring()
    }
    while (!signal.aborted && clock.nowMs() - startedMs < LOOK_MS) {
      await clock.sleep(BUSY_SAVE_MS, signal)
      if (bell.takeWork()) await save()
    }
  }
  bell.ring()
  await Promise.all(pumps)
  await save()
}

/** Wakes those who wait for events, and knows whether one has done something since. */
class Bell {
  #waiting = new AbortController()
  #hasWorked = false

  ring(): void {
    const rung = this.#waiting
    this.#waiting = new AbortController()
    rung.abort(OVER)
  }

  wait(): Promise<void> {
    return settled<void>(this.#waiting.signal, undefined, () => {})
  }

  work(): void {
    this.#hasWorked = true
  }

  takeWork(): boolean {
    const had = this.#hasWorked
    this.#hasWorked = false
    return had
  }
}

/** One sink: the events in their order, the same one again until it is taken. */
async function pump(
  name: string,
  sink: Sink,
  outbox: Outbox,
  bell: Bell,
  { tell, clock, random }: EventsOptions,
  signal: AbortSignal,
): Promise<void> {
  let failures = 0
  while (!signal.aborted) {
    const events = outbox.next(sink.batch, clock.wallMs())
    if (events.length === 0) {
      await bell.wait()
      continue
    }
    const { taken, problem } = await sink.deliver(events, signal)
    if (signal.aborted && taken === 0) return
    outbox.taken(events, taken)
    bell.work()
    if (problem === undefined) {
      if (failures > 0) tell(`sink ${name}: takes events again`)
      failures = 0
    } else if (problem.isRefused) {
      outbox.refused(events.slice(taken))
      tell(`sink ${name}: ${problem.text}: it refuses this event, which is dropped: ${events[taken]?.text}`)
    } else {
      if (failures % SAY_AGAIN === 0) tell(`sink ${name}: ${problem.text}; ${waiting(outbox.state.queue.length)}`)
      failures++
      await clock.sleep(backoffMs(failures, BACKOFF, random), signal)
    }
  }
}

const waiting = (count: number) => (count === 1 ? '1 event waits' : `${count} events wait`)

interface Since {
  fleet: Fleet
  relay: string
  nowMs: number
  settleMs: number
  isFirst: boolean
}

/** Of all devices, and of the history: what happened since the last look, in its order. */
function happenedSince(
  before: EventsState['devices'],
  views: readonly DeviceView[],
  news: News,
  { fleet, relay, nowMs, settleMs, isFirst }: Since,
): { memory: EventsState['devices']; happened: Happening[] } {
  const memory: Record<string, DeviceMemory> = {}
  const happened: Happening[] = isFirst ? [] : [...news.lost]
  for (const view of views) {
    const device = fleet.devices.find(({ name }) => name === view.device)
    const others =
      device === undefined ? [] : relaysOf(fleet, device).flatMap(({ name }) => (name === relay ? [] : name))
    const known = before[view.device]
    const seen = watchDevice(known, view, { nowMs, settleMs, others, isFirst: isFirst || known === undefined })
    memory[view.device] = seen.memory
    happened.push(...seen.happened)
  }
  if (!isFirst) for (const entry of news.entries) happened.push(...entryEvents(entry, memory))
  return { memory, happened: happened.toSorted((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0)) }
}

/** A session that no look has seen is a login, too, though it is over. */
function entryEvents(entry: HistoryEntry, memory: Record<string, DeviceMemory>): Happening[] {
  const own = fromHistory(entry)
  if (own === undefined) return []
  const { event, device, console, technician, from } = entry
  const known = device === undefined ? undefined : memory[device]
  if (event !== 'session' || known === undefined || console === undefined || from === undefined) return [own]
  const noted = noteLogin(known.logins, sessionKey(console, technician ?? entry.by), Date.parse(from))
  if (noted === undefined) return [own]
  known.logins = noted
  const { since = own.at, ...more } = own
  const login: Happening = { ...more, event: 'login', at: since, text: own.text.replace(' was in from ', ' came at ') }
  return entry.to === undefined ? [login] : [login, own]
}

function eventOf(what: Happening, relay: string): RelayEvent {
  const id = createHash('sha256').update(JSON.stringify(what)).digest('hex').slice(0, 24)
  return { version: 1, id, severity: KINDS[what.event].severity, relay, ...what }
}

/** Work that is done again and again: its first failure of several is said, and that it works again. */
function sayOnce<T>(tell: (text: string) => void, what: string, work: () => Promise<T>): () => Promise<T | undefined> {
  let isFailing = false
  return async () => {
    try {
      const value = await work()
      if (isFailing) tell(`${what}: it works again`)
      isFailing = false
      return value
    } catch (err) {
      if (!isFailing) tell(`${what}: ${errorMessage(err)}`)
      isFailing = true
      return undefined
    }
  }
}
