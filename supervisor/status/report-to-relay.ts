/** Reports to the relay on the control channel: soon after each change, and now and then without one. */

import type { Clock } from '../../runtime/clock.ts'
import { type DeviceReport, formatReport, formatSession } from '../../runtime/control-protocol.ts'
import type { ConsoleStatus, SupervisorStatus } from '../../runtime/status-file.ts'
import type { Control } from '../tunnel/control-channel.ts'
import { deviceReport } from './device-report.ts'

export interface ReporterOptions {
  clock: Clock
  /** Seconds between two pings of the relay. */
  pingS: number
  /** Milliseconds between two reports when nothing happens; 300 bytes each. */
  idleMs: number
  readUplink(): Promise<string | undefined>
}

/** Milliseconds between two reports at the least: a relay takes two a second. */
const PACE_MS = 1_000
/** Holds what is to be reported, whether or not there is a relay to report it to. */
export class Reporter {
  readonly #options: ReporterOptions
  #status: SupervisorStatus | undefined
  #consoles: ConsoleStatus | undefined
  #control: Control | undefined
  #changed = new AbortController()

  constructor(options: ReporterOptions) {
    this.#options = options
  }

  /** Takes in the present status; the same may come again. */
  update(status: SupervisorStatus): void {
    const before = this.#status
    this.#status = status
    if (before === undefined || essence(before) !== essence(status)) this.#changed = renewed(this.#changed)
  }

  /** Takes in what the bridge says; undefined while it does not. Whoever left a console since is told of at once. */
  updateConsoles(consoles: ConsoleStatus | undefined): void {
    const before = this.#consoles
    this.#consoles = consoles
    for (const { console, technician, since } of gone(before, consoles)) {
      const fromS = Math.max(0, Math.round((this.#options.clock.wallMs() - since) / 1000))
      this.#control?.send(formatSession({ console, technician, fromS, toS: 0 }))
    }
    if (whoIsOn(before) !== whoIsOn(consoles)) this.#changed = renewed(this.#changed)
  }

  /** Reports on one control channel until its connection ends. A later call takes over what happens from then on. */
  async serve(control: Control, ended: AbortSignal): Promise<void> {
    this.#control = control
    try {
      await this.#report(control, ended)
    } finally {
      if (this.#control === control) this.#control = undefined
    }
  }

  async #report(control: Control, ended: AbortSignal): Promise<void> {
    const { clock, readUplink, idleMs } = this.#options
    while (!ended.aborted) {
      const { signal: changed } = this.#changed
      const uplink = await readUplink()
      if (this.#status) control.send(formatReport(this.#content(this.#status, uplink)))
      await clock.sleep(PACE_MS, ended)
      await clock.sleep(idleMs, AbortSignal.any([ended, changed]))
    }
  }

  #content(status: SupervisorStatus, uplink: string | undefined): DeviceReport {
    const { pingS, clock } = this.#options
    return deviceReport(status, this.#consoles, uplink, pingS, clock.wallMs())
  }
}

/** What makes a report worth sending at once: ages and round trips change all the time. */
function essence({ word, cause, sessions, proof }: SupervisorStatus): string {
  return JSON.stringify([word, cause, sessions, proof.provedAt])
}

/** Who was on a console and is not any more. A bridge that does not answer says nothing of anybody. */
function gone(before: ConsoleStatus | undefined, after: ConsoleStatus | undefined) {
  const seatsOf = (status: ConsoleStatus) =>
    status.consoles.flatMap(({ name, sessions }) => sessions.map(seat => ({ ...seat, console: name })))
  if (!before || !after) return []
  const isSame = (a: { console: string; id: number }, b: typeof a) => a.console === b.console && a.id === b.id
  // A bridge that was started anew has none of them.
  const here = before.pid === after.pid ? seatsOf(after) : []
  return seatsOf(before).filter(seat => !here.some(one => isSame(one, seat)))
}

function whoIsOn(status: ConsoleStatus | undefined): string {
  return JSON.stringify(status?.consoles.map(({ name, state, sessions }) => [name, state, sessions]))
}

function renewed(controller: AbortController): AbortController {
  controller.abort()
  return new AbortController()
}
