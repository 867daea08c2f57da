/** One entry of `[[cellular]]`: keeps its modem connected, one step at a time, and says how it stands. */
import type { CellularConfig } from '../formats/cellular-settings.ts'
import { describeModemState, type ModemEntry } from '../formats/modem-status.ts'
import { type BackoffLimits, backoffMs } from '../runtime/backoff.ts'
import { type Clock, WallTimes } from '../runtime/clock.ts'
import { errorMessage } from '../runtime/errors.ts'
import type { Logger } from '../runtime/log.ts'
import type { Bus } from './bus/connect-bus.ts'
import { technologyName } from './modem-manager/names.ts'
import { dial, disconnect, enable, type Failure, register, sendPin } from './modem-manager/perform-step.ts'
import type { ModemFacts } from './modem-manager/read-modems.ts'
import { type Judged, type Memory, nextStep, type Step } from './next-step.ts'
import type { PinMemory } from './pin-memory.ts'
import { NO_NETWORK, renderIdle, renderNetwork } from './render-network.ts'

export interface DiallerOptions {
  config: CellularConfig
  pins: PinMemory
  /** Hands the network of this modem to networkd. @throws when that did not work */
  tell(network: string): Promise<void>
  /** Something is over: the modem is to be looked at. */
  onChange(): void
  backoff: BackoffLimits
  clock: Clock
  random(): number
  signal: AbortSignal
  log: Logger
}

/** Between failures: a wrong APN costs the network little, and a modem that comes back late nobody's patience. */
export const BACKOFF: BackoffLimits = { minMs: 5_000, maxMs: 300_000 }
/** Milliseconds of a connection after which an end is no failure of the next one. */
const STABLE_MS = 60_000
/** Milliseconds that a SIM that took its PIN has to say so. */
const UNLOCKING_MS = 20_000
/** PINs that one modem takes and asks for again, such as after it was reset. */
const UNLOCKS_MAX = 3

const LOST: Judged = { state: 'no-manager', cause: '' }

export class Dialler {
  readonly #options: DiallerOptions
  readonly #times: WallTimes
  #modem: ModemFacts | undefined
  #judged: Judged = { state: 'starting', cause: '' }
  #sinceMs: number
  #signalMs = 0
  #running: Step['do'] | undefined
  #retryMs = 0
  #failures = 0
  #failure: Failure | undefined
  #bearer: string | undefined
  #connectedMs: number | undefined
  #unlocks = 0
  /** The modem that did not say what became of a PIN: its count of tries may be old. */
  #unansweredBy: string | undefined
  /** What networkd was told last. */
  #network: string | undefined

  constructor(options: DiallerOptions) {
    this.#options = options
    this.#times = new WallTimes(options.clock)
    this.#sinceMs = options.clock.nowMs()
  }

  /** When the next step may begin, in milliseconds of `Clock.nowMs`; undefined while none waits. */
  get dueMs(): number | undefined {
    return this.#judged.step !== undefined && this.#running === undefined ? this.#retryMs : undefined
  }

  /** Without an answer of ModemManager, nothing is known; what was connected may still be. */
  lost(cause: string): void {
    this.#says({ ...LOST, cause })
    this.#modem = undefined
  }

  /** What there is now; begins the next step when it is due, and waits for none. */
  async look(modem: ModemFacts | undefined, bus: Bus): Promise<void> {
    const { config, clock } = this.#options
    const nowMs = clock.nowMs()
    if (modem && (modem.path !== this.#modem?.path || modem.simIdentifier !== this.#modem.simIdentifier))
      this.#isNew(modem)
    this.#modem = modem
    if (modem?.signal?.isRecent) this.#signalMs = nowMs
    let judged = nextStep(modem, config, this.#memory(modem))
    if (judged.bearer !== undefined) {
      this.#connectedMs ??= nowMs
      this.#bearer = judged.bearer.path
      if (nowMs - this.#connectedMs >= STABLE_MS) this.#failures = 0
      this.#failure = undefined
    } else if (this.#connectedMs !== undefined) {
      this.#ended(nowMs - this.#connectedMs)
      judged = nextStep(modem, config, this.#memory(modem))
    }
    this.#says(await this.#handOver(judged))
    if (modem !== undefined && judged.step !== undefined && this.#running === undefined && nowMs >= this.#retryMs)
      this.#begin(judged.step, modem, bus)
  }

  entry(): ModemEntry {
    const { config, clock } = this.#options
    const { interfaces = [], model = '', operator = '', technologies = 0, signal } = this.#modem ?? {}
    const { state, cause, bearer } = this.#judged
    const dueMs = this.dueMs
    return {
      ...{ entry: config.interface, interface: bearer?.interface ?? interfaces[0] ?? null, model, apn: config.apn },
      ...{ state, cause, since: this.#times.of(this.#sinceMs), operator, technology: technologyName(technologies) },
      signal: signal && this.#signalMs > 0 ? { percent: signal.percent, at: this.#times.of(this.#signalMs) } : null,
      retryAt: dueMs !== undefined && dueMs > clock.nowMs() ? this.#times.of(dueMs) : null,
    }
  }

  #memory(modem: ModemFacts | undefined): Memory {
    const { pin } = this.#options.config
    const refused =
      modem && pin !== undefined ? this.#options.pins.problem(modem.simIdentifier, pin, modem.pinTries) : undefined
    const isUnanswered = modem !== undefined && modem.path === this.#unansweredBy
    const pinProblem =
      (isUnanswered ? 'the modem did not say what came of it: unplug it and plug it again' : undefined) ??
      refused ??
      (this.#unlocks >= UNLOCKS_MAX ? `the SIM took it ${UNLOCKS_MAX} times, and asks again` : undefined)
    return { failures: this.#failures, failure: this.#failure, bearer: this.#bearer, pinProblem }
  }

  /** Another modem, another SIM, another ModemManager. */
  #isNew({ path, model, simIdentifier }: ModemFacts): void {
    const isPlugged = path !== this.#modem?.path
    if (isPlugged) this.#options.log.info({ model }, 'a modem is there')
    else if (simIdentifier !== '') this.#options.log.info({ model }, 'a SIM is there')
    this.#retryMs = 0
    this.#failures = 0
    this.#failure = undefined
    // Unlocking a SIM may be what tells its number.
    if (isPlugged) this.#unlocks = 0
  }

  #ended(lastedMs: number): void {
    const { log } = this.#options
    this.#connectedMs = undefined
    this.#bearer = undefined
    log.warn({ seconds: Math.round(lastedMs / 1000) }, 'the connection has ended')
    if (lastedMs >= STABLE_MS) this.#failures = 0
    else this.#fail({ state: 'not-connected', cause: `the last one ended after ${Math.round(lastedMs / 1000)} s` })
  }

  /** The network of what is connected, or none, to networkd where it differs from what that has. */
  async #handOver(judged: Judged): Promise<Judged> {
    const [name] = this.#modem?.interfaces ?? []
    try {
      const idle = name === undefined ? NO_NETWORK : renderIdle(name)
      const network = judged.bearer === undefined ? idle : renderNetwork(judged.bearer)
      if (network !== this.#network) {
        this.#network = undefined
        await this.#options.tell(network)
        this.#network = network
      }
      return judged
    } catch (err) {
      // Addresses that stay where nothing is connected do less harm than a cause that hides the true one.
      return judged.bearer === undefined ? judged : { ...judged, state: 'no-network-file', cause: errorMessage(err) }
    }
  }

  #begin(step: Step, modem: ModemFacts, bus: Bus): void {
    const { log, onChange, signal } = this.#options
    this.#running = step.do
    log.info({ step: step.do, attempt: this.#failures + 1 }, 'step')
    const run = async () => {
      try {
        const failure = await this.#perform(step, modem, bus)
        if (signal.aborted) return
        if (failure === undefined) this.#failure = undefined
        else this.#fail(failure)
      } catch (err) {
        this.#fail({ state: 'failed', cause: errorMessage(err) })
      }
    }
    void run().finally(() => {
      this.#running = undefined
      onChange()
    })
  }

  async #perform(step: Step, modem: ModemFacts, bus: Bus): Promise<Failure | undefined> {
    const { config, signal } = this.#options
    switch (step.do) {
      case 'unlock':
        return this.#unlock(step.sim, step.pin, modem, bus)
      case 'enable':
      case 'disable':
        return enable(bus, modem.path, step.do === 'enable', signal)
      case 'register':
        return register(bus, modem.path, signal)
      case 'disconnect':
        return disconnect(bus, modem.path, step.bearer, signal)
      case 'connect': {
        const dialled = await dial(bus, modem.path, config, step.family, signal)
        if ('failure' in dialled) return dialled.failure
        this.#bearer = dialled.bearer
        return undefined
      }
    }
  }

  async #unlock(sim: string, pin: string, modem: ModemFacts, bus: Bus): Promise<Failure | undefined> {
    const { pins, clock, signal, log } = this.#options
    const { simIdentifier, pinTries } = modem
    try {
      await pins.trying(simIdentifier, pin, pinTries)
    } catch (err) {
      return { state: 'pin-refused', cause: `it cannot be remembered, so it is not tried: ${errorMessage(err)}` }
    }
    const outcome = await sendPin(bus, sim, pin, signal)
    log.info({ outcome }, 'PIN sent to the SIM')
    this.#retryMs = clock.nowMs() + UNLOCKING_MS
    this.#unlocks += 1
    if (outcome === 'unknown') this.#unansweredBy = modem.path
    if (outcome === 'refused') await pins.refused(simIdentifier, pin)
    if (outcome === 'taken') await pins.harmless(simIdentifier, pin)
    return undefined
  }

  #fail(failure: Failure): void {
    const { clock, random, backoff, log } = this.#options
    this.#failure = failure
    this.#failures += 1
    this.#retryMs = clock.nowMs() + backoffMs(this.#failures, backoff, random)
    log.warn({ state: failure.state, cause: failure.cause, failures: this.#failures }, 'step failed')
  }

  #says(judged: Judged): void {
    const before = describeModemState(this.#judged)
    this.#judged = judged
    if (describeModemState(judged) === before) return
    this.#sinceMs = this.#options.clock.nowMs()
    this.#options.log.info({ state: judged.state, cause: judged.cause }, 'modem')
  }
}
