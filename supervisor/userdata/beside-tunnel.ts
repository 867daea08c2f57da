/** A tunnel to a further relay that userdata names, beside the first one: it has a state of its own, and tells its relay that one. */
import type { DeviceConfig } from '../../formats/device-config.ts'
import type { ConsoleStatus, SupervisorStatus } from '../../formats/status-file.ts'
import { readSignals } from '../../runtime/wireless.ts'
import { keepConnected, type LoopState } from '../loop/keep-connected.ts'
import { reportOf } from '../loop/loop-reports.ts'
import type { Context } from '../loop/ports.ts'
import { Reporter } from '../status/report-to-relay.ts'
import { StatusKeeper } from '../status/status-keeper.ts'
import type { Uplinks } from '../uplinks/uplinks.ts'
import type { PinnedRelay } from './pin-destinations.ts'

/** What all tunnels of this device have in common. */
export interface Common {
  config: Pick<DeviceConfig, 'device'>
  /** The state of the first tunnel: what is known of the device itself is in it. */
  keeper: Pick<StatusKeeper, 'facts'>
  readUplink(): Promise<string | undefined>
  /** Which uplink carries this tunnel is not which carries the first one. */
  newUplinks(): Uplinks
}

export class BesideTunnel {
  readonly #named: PinnedRelay
  readonly #common: Common
  #keeper: StatusKeeper | undefined
  #reporter: Reporter | undefined
  #status: SupervisorStatus | undefined
  #consoles: ConsoleStatus | undefined
  #sessions = { shell: 0, console: 0 }

  constructor(named: PinnedRelay, common: Common) {
    this.#named = named
    this.#common = common
  }

  get relay(): PinnedRelay['relay'] {
    return this.#named.relay
  }

  get status(): Pick<SupervisorStatus, 'state' | 'cause' | 'proof'> | undefined {
    return this.#status
  }

  get sessions(): { shell: number; console: number } {
    return this.#sessions
  }

  /** Takes in what is known of the device itself. */
  look(): void {
    const { local, closedConsoles, consolesInUse } = this.#common.keeper.facts
    this.#keeper?.report({ local, closedConsoles, consolesInUse })
  }

  /** Takes in the bridge's status. */
  updateConsoles(consoles: ConsoleStatus | undefined): void {
    this.#consoles = consoles
    this.#reporter?.updateConsoles(consoles)
  }

  /** Runs until the signal of the context is aborted. */
  async keep(outer: Context, onState: (state: LoopState) => void): Promise<void> {
    const { clock, network, log } = outer
    const { relay, login } = this.#named
    const { keepaliveS, reportS, slowRetryS, probeS } = outer.intervals
    const reporter = new Reporter({
      ...{ clock, pingS: keepaliveS, idleMs: reportS * 1_000, readUplink: this.#common.readUplink, readSignals },
    })
    const othersMaxAgeMs = Math.max(slowRetryS * 3, probeS * 2) * 1_000
    const keeper = new StatusKeeper(this.#common.config.device, { othersMaxAgeMs }, clock, {
      changed: status => log.info({ relay: relay.host, ...status }, 'status of a further tunnel'),
      write: status => {
        this.#status = status
        reporter.update(status)
      },
      close: async () => {},
    })
    this.#keeper = keeper
    this.#reporter = reporter
    reporter.updateConsoles(this.#consoles)
    const context: Context = {
      ...outer,
      config: { ...outer.config, relays: [relay] },
      logins: new Map([[relay, login]]),
      uplinks: this.#common.newUplinks(),
      progress: outer.progress.beside(relay.host),
    }
    try {
      await keepConnected(context, {
        publish: (state, sessions) => {
          this.#sessions = sessions
          const report = reportOf(state, keeper.proof, { linkUp: network.linkUp(), nowMs: clock.nowMs() })
          keeper.report({ ...report.facts, sessions }, report.details)
          onState(state)
        },
        onTunnel: ({ control, connection }, { keepaliveS, reportS }) => {
          if (!control) return
          reporter.pace({ pingS: keepaliveS, idleMs: reportS * 1_000 })
          reporter
            .serve(control, connection.closed)
            .catch(err => log.error({ err }, 'the status is not reported to a further relay'))
        },
        // What these are about is the first tunnel's: the LED, settings, and people who are told to leave.
        onMove: () => {},
        onBlink: () => {},
        onSettings: () => {},
        farewell: async () => {},
        tell: async () => {},
      })
    } finally {
      this.#keeper = undefined
      this.#reporter = undefined
    }
  }
}
