/** Reports to the relay on the control channel: soon after each change, and at an interval without one. */

import { type DeviceReport, formatReport } from '../../formats/control-protocol.ts'
import type { SettingsAnswer } from '../../formats/settings-delivery.ts'
import type { ConsoleStatus, SupervisorStatus } from '../../formats/status-file.ts'
import type { Clock } from '../../runtime/clock.ts'
import type { Control } from '../tunnel/control-channel.ts'
import { Deeds } from './deeds.ts'
import { type CarryingUplink, deviceReport } from './device-report.ts'
import type { Move } from './move.ts'
import type { ToldAlerts } from './told-alerts.ts'
import type { EndedShell } from './watch-shells.ts'

export interface Pace {
  /** Seconds between two pings of the relay. */
  pingS: number
  /** Milliseconds between two reports when nothing happens; 300 bytes each. */
  idleMs: number
}

export interface ReporterOptions extends Pace {
  clock: Clock
  readUplink(): Promise<string | undefined>
  /** dBm by the names of wireless interfaces. */
  readSignals(): Promise<Map<string, number>>
  /** Which alerts a relay was told before this start. */
  toldAlerts?: ToldAlerts
}

/** The least time between two reports in milliseconds: a relay reads two a second. */
const PACE_MS = 1_000

/** For how long a connection may be dead before it is given up: intervals of pings, and milliseconds beyond them. */
const UNSURE = { pings: 2, beyondMs: 60_000 }

/** Keeps what is to be reported, whether or not a relay is connected. */
export class Reporter {
  readonly #options: ReporterOptions
  #pace: Pace
  #status: SupervisorStatus | undefined
  #consoles: ConsoleStatus | undefined
  #control: Control | undefined
  readonly #deeds: Deeds
  #changed = new AbortController()
  /** Aborted when there is an event to send: that needs no report. */
  #deedCame = new AbortController()

  constructor(options: ReporterOptions) {
    this.#options = options
    this.#pace = options
    this.#deeds = new Deeds(options.clock, options.toldAlerts)
  }

  /** Another uplink may cost more, or less. */
  pace(pace: Pace): void {
    this.#pace = pace
  }

  /** Takes in the present status; the same may come again. */
  update(status: SupervisorStatus): void {
    const before = this.#status
    this.#status = status
    if (before === undefined || essence(before) !== essence(status)) this.#changed = renewed(this.#changed)
  }

  /** Takes in the bridge's status; undefined while it has none. A session that has ended since is reported at once. */
  updateConsoles(consoles: ConsoleStatus | undefined): void {
    const before = this.#consoles
    this.#consoles = consoles
    this.#deeds.look(before, consoles)
    if (this.#deeds.isWaiting) this.#deedCame = renewed(this.#deedCame)
    if (whoIsOn(before) !== whoIsOn(consoles)) this.#changed = renewed(this.#changed)
  }

  /** Takes in that somebody has left a shell of this device. */
  shellEnded(session: EndedShell): void {
    this.#deeds.shellEnded(session)
    this.#deedCame = renewed(this.#deedCame)
  }

  /** Takes in that the tunnel goes another way. */
  moved(move: Move): void {
    this.#deeds.moved(move)
    if (this.#deeds.isWaiting) this.#deedCame = renewed(this.#deedCame)
  }

  /** Takes in that somebody pressed the button of the device. */
  buttonPressed(detail: string): void {
    this.#deeds.buttonPressed(detail)
    if (this.#deeds.isWaiting) this.#deedCame = renewed(this.#deedCame)
  }

  /** Takes in what became of a settings document. */
  settingsAnswered(answer: SettingsAnswer): void {
    this.#deeds.settingsAnswered(answer)
    this.#deedCame = renewed(this.#deedCame)
  }

  /** Takes in what became of the relay that userdata named. */
  userdataDecided(text: string): void {
    this.#deeds.userdataDecided(text)
    this.#deedCame = renewed(this.#deedCame)
  }

  /** Reports on one control channel until its connection ends. A later call takes over what happens from then on. */
  async serve(control: Control, ended: AbortSignal): Promise<void> {
    // The one before may be dead already.
    if (this.#control) this.#connectionEnded()
    this.#control = control
    try {
      await this.#serve(control, ended)
    } finally {
      if (this.#control === control) {
        this.#control = undefined
        this.#connectionEnded()
      }
    }
  }

  async #serve(control: Control, ended: AbortSignal): Promise<void> {
    const { clock } = this.#options
    let reported: { of: AbortSignal; atMs: number } | undefined
    while (!ended.aborted) {
      const { idleMs } = this.#pace
      const { signal: changed } = this.#changed
      const { signal: deedCame } = this.#deedCame
      if (reported?.of !== changed || clock.nowMs() - reported.atMs >= idleMs) {
        const uplink = await this.#readUplink()
        if (this.#status) control.send(formatReport(this.#content(this.#status, uplink)))
        reported = { of: changed, atMs: clock.nowMs() }
      }
      if (!ended.aborted && this.#control === control) this.#deeds.tell(line => control.send(line))
      await clock.sleep(PACE_MS, ended)
      // If the connection accepts nothing now, try again a second later.
      if (this.#deeds.isWaiting && this.#control === control) continue
      const leftMs = Math.max(0, reported.atMs + idleMs - clock.nowMs())
      await clock.sleep(leftMs, AbortSignal.any([ended, changed, deedCame]))
    }
  }

  #connectionEnded(): void {
    this.#deeds.connectionEnded(UNSURE.pings * 1_000 * this.#pace.pingS + UNSURE.beyondMs)
  }

  async #readUplink(): Promise<CarryingUplink | undefined> {
    const { readUplink, readSignals } = this.#options
    const name = carryingUplink(this.#status) ?? (await readUplink())
    return name === undefined ? undefined : { name, signalDbm: (await readSignals()).get(name) }
  }

  #content(status: SupervisorStatus, uplink: CarryingUplink | undefined): DeviceReport {
    const { clock } = this.#options
    return deviceReport(status, this.#consoles, uplink, this.#pace.pingS, clock.wallMs())
  }
}

function carryingUplink(status: SupervisorStatus | undefined): string | undefined {
  return status?.uplinks?.find(({ carries }) => carries)?.name
}

/** The parts whose change is reported at once: ages and round trips change all the time. */
function essence(status: SupervisorStatus): string {
  const { state, cause, sessions, proof, way } = status
  const portals = status.portals?.map(({ interface: name, page }) => [name, page])
  const uplinks = status.uplinks?.map(({ name, why }) => [name, why])
  return JSON.stringify([state, cause, sessions, proof.provedAt, uplinks, way?.rung, portals])
}

function whoIsOn(status: ConsoleStatus | undefined): string {
  return JSON.stringify(status?.consoles.map(({ name, state, sessions }) => [name, state, sessions]))
}

function renewed(controller: AbortController): AbortController {
  controller.abort()
  return new AbortController()
}
