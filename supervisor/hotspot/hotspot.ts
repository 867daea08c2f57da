/** The hotspot of this board: sees whether it is on, has it switched on and off by `oobm-apply`, and says how it stands. */
import { provisioningDirectory } from '../../formats/directories.ts'
import { type HotspotSpec, readHotspotSpec, readHotspotStatus } from '../../formats/hotspot.ts'
import { heartbeatNow } from '../../runtime/boot-clock.ts'
import type { Clock } from '../../runtime/clock.ts'
import { errorMessage } from '../../runtime/errors.ts'
import type { Logger } from '../../runtime/log.ts'
import type { RecoveryDesk } from '../recovery/ask-apply.ts'
import { hasWayOut } from '../status/derive-status.ts'
import type { Facts } from '../status/facts.ts'
import type { Details } from '../status/status-keeper.ts'
import { type HotspotFacts, planHotspot } from './plan-hotspot.ts'

/** Milliseconds between two looks, also at whether the settings have one now. */
const LOOK_MS = 3_000

export interface HotspotPorts {
  env: NodeJS.ProcessEnv
  desk: RecoveryDesk
  keeper: { readonly facts: Readonly<Facts>; report(facts: Partial<Facts>, details?: Partial<Details>): void }
  /** The interfaces that have a default route. */
  uplinks(): Promise<string[]>
  clock: Clock
  log: Logger
}

type Step = NonNullable<ReturnType<typeof planHotspot>['step']>

export class Hotspot {
  readonly #ports: HotspotPorts
  #wish: HotspotFacts['wish']
  #asked: { step: Step; atMs: number; isByItself: boolean; isAnswered: boolean } | undefined
  #problem = ''
  #lostMs: number
  #offMs: number
  #isByItself = false
  #wasOn = false
  #isThere = false

  constructor(ports: HotspotPorts) {
    this.#ports = ports
    this.#lostMs = this.#offMs = ports.clock.nowMs()
  }

  /** What a person wants, at the board or by a command. @returns what becomes of it, as the end of a sentence */
  ask(to: 'on' | 'off'): string {
    if (!this.#isThere) return 'the settings have no hotspot, so nothing is done'
    if ((to === 'on') === this.#wasOn) return `the hotspot is ${to} already`
    this.#wish = { to, atMs: this.#ports.clock.nowMs() }
    this.#problem = ''
    return `switches the hotspot ${to}`
  }

  /** Runs until aborted. */
  async run(signal: AbortSignal): Promise<void> {
    const { env, keeper, clock, log } = this.#ports
    while (!signal.aborted) {
      const spec = await readHotspotSpec(provisioningDirectory(env))
      this.#isThere = spec !== undefined
      try {
        if (spec !== undefined) await this.#look(spec)
        else keeper.report({ hotspot: undefined }, { hotspot: undefined })
      } catch (err) {
        log.warn({ err }, 'the hotspot cannot be looked after')
      }
      await clock.sleep(LOOK_MS, signal)
    }
  }

  async #look(spec: HotspotSpec): Promise<void> {
    const { env, desk, keeper, clock, log } = this.#ports
    const name = spec.interface
    const nowMs = clock.nowMs()
    const status = await readHotspotStatus(env)
    const { uptimeMs } = heartbeatNow()
    const here = (bootMs: number) => nowMs - (uptimeMs - bootMs)
    const hasWay = hasWayOut(keeper.facts, nowMs)
    if (hasWay) this.#lostMs = nowMs
    const isOn = status?.interface === name
    if (isOn !== this.#wasOn) log.info({ ssid: spec.ssid, isOn }, 'the hotspot has changed')
    if (isOn) {
      this.#offMs = nowMs
      if (this.#asked?.step === 'hotspot-on') this.#isByItself = this.#asked.isByItself
    }
    this.#wasOn = isOn
    if ((this.#wish?.to === 'on') === isOn) this.#wish = undefined
    await this.#hear(name)
    const plan = planHotspot({
      ...{ nowMs, automatic: spec.automatic, hasWay, lostMs: this.#lostMs, wish: this.#wish, offMs: this.#offMs },
      ...{ isByItself: this.#isByItself, askedMs: this.#asked?.atMs },
      on: isOn
        ? {
            quietMs: status.quietSince === null ? undefined : here(status.quietSince),
            endsAtMs: status.endsAt === null ? undefined : here(status.endsAt),
          }
        : undefined,
    })
    const { step, next } = plan
    if (step !== undefined) {
      this.#asked = { step, atMs: nowMs, isByItself: this.#wish === undefined, isAnswered: false }
      log.info({ step, byItself: this.#wish === undefined }, 'asks oobm-apply for the hotspot')
      await desk.ask({ step, interface: name }).catch(err => {
        this.#problem = `oobm-apply could not be asked: ${errorMessage(err)}`
      })
    }
    const isAlone = isOn && (await this.#ports.uplinks()).length === 0
    keeper.report(
      { hotspot: isAlone ? { ssid: spec.ssid, address: spec.address } : undefined },
      {
        hotspot: {
          ...{ interface: name, ssid: spec.ssid, address: spec.address, isOn, isAlsoClient: spec.isAlsoClient },
          since: isOn ? here(status.since) : null,
          devices: isOn ? status.devices : 0,
          next: next === undefined ? null : { to: next.to, at: next.atMs },
          problem: this.#problem,
        },
      },
    )
  }

  /** What became of the last request. */
  async #hear(name: string): Promise<void> {
    const { desk, log } = this.#ports
    if (this.#asked === undefined || this.#asked.isAnswered) return
    const { step } = this.#asked
    const answer = await desk.answer({ step, interface: name })
    if (answer === undefined) return
    this.#asked.isAnswered = true
    this.#problem = answer.result === 'done' ? '' : answer.detail
    log.info({ request: answer.request, result: answer.result, cause: answer.detail }, 'oobm-apply answered')
  }
}
