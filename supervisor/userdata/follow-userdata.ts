/** Looks at the metadata address, and sees what it names through: on trial, then proved or taken back. */
import type { DeviceConfig } from '../../formats/device-config.ts'
import type { UserdataSettings, UserdataStatus } from '../../formats/userdata.ts'
import type { Clock } from '../../runtime/clock.ts'
import { errorMessage } from '../../runtime/errors.ts'
import type { Logger } from '../../runtime/log.ts'
import type { Events } from '../loop/wake.ts'
import type { Got } from './get-userdata.ts'
import { pinDestinations } from './pin-destinations.ts'
import type { PlannedTunnels } from './planned-tunnels.ts'
import { type Destination, type Read, readUserdata } from './read-userdata.ts'
import type { Outcome, Situation, UserdataPlan } from './userdata-plan.ts'

/** Milliseconds until the first look at the most: a fleet whose power comes back does not ask in one second. */
const FIRST_MS = 15_000
/** Milliseconds between two looks at the most where the last one failed, or no relay is proved. */
const UNSURE_MS = 300_000
/** Milliseconds between two looks at the least, when the network changes after one that failed. */
const HURRY_MS = 30_000
/** Part of the interval by which it varies to each side. */
const JITTER = 0.1
/** Milliseconds between two steps of the wait for the next look. */
const STEP_MS = 5_000
/** Milliseconds between two turns of the trial. */
const TURN_MS = 2_000

export interface FollowOptions {
  settings: UserdataSettings
  config: DeviceConfig
  plan: UserdataPlan
  tunnels: PlannedTunnels
  get(): Promise<Got>
  /** Writes down what was proved. */
  keep(destinations: readonly Destination[]): Promise<void>
  /** What the plan cannot know by itself. */
  situation(): Promise<Pick<Situation, 'busy' | 'isOff' | 'isHeld'>>
  onOutcome(outcome: Outcome, text: string): void
  onStatus(status: UserdataStatus): void
  events: Events
  clock: Clock
  random(): number
  signal: AbortSignal
  log: Logger
}

/** Runs until aborted. */
export async function followUserdata(options: FollowOptions): Promise<void> {
  const { settings, plan, tunnels, clock, signal, log } = options
  let lookedAtMs: number | null = null
  const tell = () => options.onStatus(statusOf(settings.interface, lookedAtMs, plan, tunnels))
  const decided = (outcome: Outcome | undefined) => {
    if (outcome === undefined) return
    const text = describeOutcome(outcome)
    if (outcome.result === 'confirmed' || outcome.result === 'trial') log.info({ userdata: text }, 'userdata')
    else log.warn({ userdata: text }, 'userdata')
    options.onOutcome(outcome, text)
  }
  const look = async () => {
    const got = await options.get()
    if (signal.aborted) return
    lookedAtMs = clock.nowMs()
    decided(plan.looked(got.ok ? judged(got.text, options.config) : got, lookedAtMs))
    tell()
  }
  const turn = async () => {
    tunnels.look()
    const situation = { ...(await options.situation()), ...tunnels.standing, nowMs: clock.nowMs() }
    const before = plan.inUse
    const outcome = plan.turn(situation)
    if (plan.inUse !== before) {
      const pinned = pinDestinations(plan.inUse, options.config)
      tunnels.use(pinned.ok ? pinned.relays : [])
    }
    decided(outcome)
    if (outcome?.result === 'confirmed')
      await options.keep(plan.kept).catch(err => {
        log.error({ cause: errorMessage(err) }, 'the userdata that was proved is not kept: a restart tries it anew')
      })
    tell()
  }
  tell()
  await Promise.all([lookAgainAndAgain(options, look), turnAgainAndAgain(options, turn)])
}

async function lookAgainAndAgain(options: FollowOptions, look: () => Promise<void>): Promise<void> {
  const { settings, plan, tunnels, events, clock, random, signal } = options
  let isHurried = false
  const unsubscribe = events.subscribe(reason => {
    if (reason === 'network' && plan.fault !== '') isHurried = true
  })
  try {
    await clock.sleep(random() * FIRST_MS, signal)
    while (!signal.aborted) {
      await look()
      isHurried = false
      const lastMs = clock.nowMs()
      const part = 1 - JITTER + 2 * JITTER * random()
      const waitMs = () => {
        if (isHurried) return HURRY_MS
        const isUnsure = plan.fault !== '' || !tunnels.standing.isProved
        return part * Math.min(settings.intervalS * 1_000, isUnsure ? UNSURE_MS : Number.POSITIVE_INFINITY)
      }
      for (let leftMs = waitMs(); leftMs > 0 && !signal.aborted; leftMs = lastMs + waitMs() - clock.nowMs())
        await clock.sleep(Math.min(STEP_MS, leftMs), signal)
    }
  } finally {
    unsubscribe()
  }
}

async function turnAgainAndAgain({ clock, signal }: FollowOptions, turn: () => Promise<void>): Promise<void> {
  while (!signal.aborted) {
    await turn()
    await clock.sleep(TURN_MS, signal)
  }
}

function judged(text: string, config: DeviceConfig): Read {
  const read = readUserdata(text)
  const pinned = read.ok ? pinDestinations(read.destinations, config) : read
  return pinned.ok ? read : pinned
}

/** For people: where it leads. */
export function whereTo(destinations: readonly Destination[]): string {
  if (destinations.length === 0) return 'the relays of the configuration'
  return destinations.map(({ host, remotePort }) => `${host} (listener ${remotePort})`).join(', ')
}

function describeOutcome({ result, destinations, cause }: Outcome): string {
  const about = result === 'refused' ? result : `${result}, ${whereTo(destinations)}`
  return `userdata ${about}${cause === '' ? '' : `: ${cause}`}`
}

function statusOf(
  name: string,
  lookedAt: number | null,
  plan: UserdataPlan,
  { named, beside }: PlannedTunnels,
): UserdataStatus {
  const { trial, undone, fault } = plan
  return {
    interface: name,
    lookedAt,
    fault,
    relays: named.map(({ relay, login, key }) => {
      const status = beside.find(one => one.relay === relay)?.status
      const of = status && { state: status.state, cause: status.cause, provedAt: status.proof.provedAt }
      return { relay: `${relay.host}:${relay.port}`, remotePort: login.listenerPort, key, ...(of && { beside: of }) }
    }),
    trial: trial
      ? { phase: trial.phase, since: trial.sinceMs, cause: trial.cause, to: whereTo(trial.destinations) }
      : null,
    undone: undone ? { at: undone.atMs, cause: undone.cause, to: whereTo(undone.destinations) } : null,
  }
}
