/** The real loop in the simulated world, and what must hold at every moment of every history. */
import { getEventListeners, setMaxListeners } from 'node:events'
import type { DeviceConfig } from '../../../formats/device-config.ts'
import { intervalsOf } from '../../../formats/device-config.ts'
import { isProvedReachable } from '../../../formats/states.ts'
import { errorLog } from '../../../runtime/log.ts'
import { Ways } from '../../network/ways.ts'
import { deriveStatus, type Status } from '../../status/derive-status.ts'
import { type Facts, FIRST_FACTS } from '../../status/facts.ts'
import { LocalFacts } from '../../status/local-facts.ts'
import type { Move } from '../../status/move.ts'
import { ConnectionBudget } from '../connection-budget.ts'
import { keepConnected } from '../keep-connected.ts'
import { reportOf } from '../loop-reports.ts'
import { Patience } from '../patience.ts'
import type { Context } from '../ports.ts'
import { Progress } from '../progress.ts'
import { NO_PROOF } from '../run-facts.ts'
import { watchLocal } from '../watch-local.ts'
import type { Reason, World } from './world.ts'

/** Shorter than a profile's, so that probes and self-tests fall into every history; the ping is the wired profile's. */
const PROBE_S = 40
const SELFTEST_S = 90
/** Milliseconds for which `ready` may outlast the way back, by what is wrong with it (docs/tunnel.md). */
const OUTLAST_MS: Record<Reason, number> = {
  ...{ silent: 25_000, shell: 30_000, console: 30_000, unplugged: 2_000 },
  // A round of proof that began just before has to run out of time first; that is shorter than a profile's probe interval.
  unforwarded: Math.max(PROBE_S * 1000 + 20_000, 145_000),
}
const REASONS = Object.keys(OUTLAST_MS) as Reason[]
/** Milliseconds of sim time between two looks at what must hold. */
const LOOK_MS = 500
const CONNECTIONS_MAX = 30
/** What all loops together have on one signal at a time; a leak passes it in a few minutes. */
const LISTENERS_MAX = 40
const STREAMS_MAX = 20
/** Events at one moment of the simulated time. */
const EVENTS_MAX = 2_000

export class SimulatedDevice {
  readonly world: World
  readonly context: Context
  /** What was shown, at every change: `12.5 s ready: proved`. */
  readonly shown: string[] = []
  readonly moves: Move[] = []
  /** What did not hold. */
  readonly broken: string[] = []
  readonly #stop = new AbortController()
  #facts: Facts = FIRST_FACTS
  #proof = NO_PROOF
  #status: Status = { state: 'no-relay', cause: '' }
  readonly #since: Partial<Record<Reason, number>> = {}
  #lookedMs = Number.NEGATIVE_INFINITY
  #isEnded = false

  constructor(world: World, random: () => number) {
    this.world = world
    const { clock, events, network, uplinks, dial, dialLocal, connect, files } = world
    // Whatever the world does, an error in the log is a defect of ours, also where the loop heals from it.
    const log = errorLog(line => this.broken.push(`it logged ${line}`))
    setMaxListeners(0, this.#stop.signal)
    const local = new LocalFacts(
      [],
      facts => this.#take(facts),
      () => events.notify('local'),
    )
    const config = configFor(world.relays.length)
    const memory = { networks: new Map(), certificates: new Map() }
    const ignore = () => {}
    const ways = new Ways({
      ...{ rungsTo: () => world.rungs, memory, networkOf: () => 'net', clock, save: ignore, changed: ignore },
    })
    this.context = {
      ...{ clock, events, ways, network, uplinks, dial, dialLocal, connect, files, log, random, config },
      portals: { notReached: ignore, reached: ignore },
      intervals: intervalsOf(config),
      credentials: { privateKey: 'key' },
      selftestKey: { privateKey: 'key', markers: '/markers' },
      token: 'a'.repeat(32),
      ownIdent: 'oobm_selftest',
      localFault: () => local.fault,
      patience: new Patience({ baseMs: 20_000, clock, slowness: () => 1 }),
      budget: new ConnectionBudget(clock),
      progress: new Progress(clock),
      signal: this.#stop.signal,
    }
    void Promise.all([
      watchLocal('shell', this.context, fault => local.looked('shell', fault)),
      watchLocal('console', this.context, fault => local.looked('console', fault)),
      keepConnected(this.context, {
        publish: (state, sessions) => {
          const { facts, details } = reportOf(state, this.#proof, { linkUp: network.linkUp(), nowMs: clock.nowMs() })
          this.#proof = details.proof ?? this.#proof
          this.#take({ ...facts, sessions })
        },
        onTunnel: () => {},
        onMove: move => this.moves.push(move),
        onBlink: () => {},
        onSettings: () => {},
        farewell: async () => {},
        tell: async () => {},
      }),
    ]).then(
      () => {
        this.#isEnded = true
      },
      err => this.broken.push(`the loop ended by a defect: ${err.stack}`),
    )
  }

  get state(): string {
    return this.#derive().state
  }

  /** Lets time pass, and looks at what must hold all the while. */
  async runUntil(untilMs: number): Promise<void> {
    const { clock } = this.world
    let atMs = clock.nowMs()
    let events = 0
    await clock.runUntil(untilMs, () => {
      this.#lookAtWayBack()
      if (clock.nowMs() !== atMs) events = 0
      atMs = clock.nowMs()
      if (events++ > EVENTS_MAX) this.broken.push(`at ${(atMs / 1000).toFixed(1)} s: it goes round in circles`)
      if (clock.nowMs() - this.#lookedMs >= LOOK_MS) this.#look()
      return this.broken.length > 0
    })
    this.#look()
  }

  /** Ends it, and looks for what is left behind. */
  async stop(): Promise<void> {
    const { clock, connections } = this.world
    this.#stop.abort()
    await clock.runUntil(clock.nowMs() + 5_000, () => this.#isEnded)
    if (!this.#isEnded) this.broken.push('it does not end when it is told to')
    const left = { sleeps: clock.sleeping, connections: connections.size, 'local connections': this.world.openLocal }
    for (const [what, count] of Object.entries(left))
      if (count > 0) this.broken.push(`${count} ${what} are left behind`)
  }

  #take(facts: Partial<Facts>): void {
    this.#facts = { ...this.#facts, ...facts }
    this.#derive()
  }

  #derive(): Status {
    const { clock } = this.context
    const status = deriveStatus(this.#facts, {
      nowMs: clock.nowMs(),
      othersMaxAgeMs: 900_000,
    })
    if (status.state !== this.#status.state || status.cause !== this.#status.cause) {
      this.#status = status
      this.shown.push(`${(clock.nowMs() / 1000).toFixed(1)} s ${status.state}: ${status.cause}`)
    }
    return status
  }

  /** At every event, since a fault that ended and began again is another one. */
  #lookAtWayBack(): void {
    const nowMs = this.context.clock.nowMs()
    const { closedBy } = this.world
    for (const reason of REASONS) {
      if (!closedBy[reason]) {
        delete this.#since[reason]
        continue
      }
      this.#since[reason] ??= nowMs
      const forMs = nowMs - (this.#since[reason] as number)
      if (forMs > OUTLAST_MS[reason] && isProvedReachable(this.#derive().state)) {
        this.broken.push(
          `at ${(nowMs / 1000).toFixed(1)} s: ready for ${forMs} ms, and the way back is closed: ${reason}`,
        )
      }
    }
  }

  #look(): void {
    const nowMs = this.context.clock.nowMs()
    this.#lookedMs = nowMs
    const at = `at ${(nowMs / 1000).toFixed(1)} s`
    const { stuck } = this.context.progress
    if (stuck.length > 0) this.broken.push(`${at}: nothing is scheduled for ${stuck.join(', ')}`)
    const lately = this.world.dialledAtMs.filter(ms => nowMs - ms < 60_000).length
    if (lately > CONNECTIONS_MAX) this.broken.push(`${at}: ${lately} connections in one minute`)
    const signals = [this.#stop.signal, ...[...this.world.connections].map(({ closed }) => closed)]
    const listeners = Math.max(...signals.map(signal => getEventListeners(signal, 'abort').length))
    if (listeners > LISTENERS_MAX) this.broken.push(`${at}: ${listeners} listeners wait for one signal`)
    const streams = [...this.world.connections].reduce((sum, { openStreams }) => sum + openStreams, 0)
    if (streams > STREAMS_MAX) this.broken.push(`${at}: ${streams} channels are open`)
  }
}

function configFor(relays: number): DeviceConfig {
  return {
    profile: 'wired',
    intervals: {
      probeS: PROBE_S,
      selftestS: SELFTEST_S,
      timeoutS: 20,
      backoffMinS: 1,
      backoffMaxS: 10,
      slowRetryS: 300,
      stableS: 15,
    },
    relays: Array.from({ length: relays }, (_, index) => ({
      host: `relay${index}`,
      port: 443,
      user: 'oobm',
      hostKeys: [],
    })),
    listenerPort: 20_100,
    shell: { port: 22, hostKeyFile: '/key' },
    bridge: { port: 2222, hostKey: 'ssh-ed25519 AAAA' },
    selftest: { user: 'oobm-selftest' },
  } as unknown as DeviceConfig
}
