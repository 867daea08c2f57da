/** Reports to the relay on the control channel: soon after each change, and now and then without one. */

import type { Clock } from '../../runtime/clock.ts'
import { type DeviceReport, formatReport, formatSession } from '../../runtime/control-protocol.ts'
import type { ConsoleStatus, SupervisorStatus } from '../../runtime/status-file.ts'
import type { Control } from '../tunnel/control-channel.ts'
import { deviceReport } from './device-report.ts'

export interface ReporterOptions {
  clock: Clock
  askBridge(signal: AbortSignal): Promise<ConsoleStatus | undefined>
  readUplink(): Promise<string | undefined>
}

/** Milliseconds between two reports at the least: a relay takes two a second. */
const PACE_MS = 1_000
/** Milliseconds between two reports when nothing happens: 300 bytes each. */
const IDLE_MS = 300_000
/**
 * Milliseconds between two looks at who is on the consoles: while nobody is in, while somebody is, just after that changed,
 * and while the bridge does not answer, as at each boot.
 */
const LOOK_MS = { idle: 300_000, inUse: 60_000, fresh: 4_000, unanswered: 10_000 }
/** Milliseconds that a person takes to log in after the connection came. */
const FRESH_MS = 10_000

/** Holds what is to be reported, whether or not there is a relay to report it to. */
export class Reporter {
  readonly #options: ReporterOptions
  #status: SupervisorStatus | undefined
  #consoles: ConsoleStatus | undefined
  #sessionsAtMs = Number.NEGATIVE_INFINITY
  #changed = new AbortController()
  #sessionsChanged = new AbortController()

  constructor(options: ReporterOptions) {
    this.#options = options
  }

  /** Takes in the present status; the same may come again. */
  update(status: SupervisorStatus): void {
    const before = this.#status
    this.#status = status
    if (JSON.stringify(before?.sessions) !== JSON.stringify(status.sessions)) {
      this.#sessionsAtMs = this.#options.clock.nowMs()
      this.#sessionsChanged = renewed(this.#sessionsChanged)
    }
    if (before === undefined || essence(before) !== essence(status)) this.#changed = renewed(this.#changed)
  }

  /** Reports on one control channel until its connection ends. */
  async serve(control: Control, ended: AbortSignal): Promise<void> {
    await Promise.all([this.#report(control, ended), this.#look(control, ended)])
  }

  async #report(control: Control, ended: AbortSignal): Promise<void> {
    const { clock, readUplink } = this.#options
    while (!ended.aborted) {
      const { signal: changed } = this.#changed
      const uplink = await readUplink()
      if (this.#status) control.send(formatReport(this.#content(this.#status, uplink)))
      await clock.sleep(PACE_MS, ended)
      await clock.sleep(IDLE_MS, AbortSignal.any([ended, changed]))
    }
  }

  #content(status: SupervisorStatus, uplink: string | undefined): DeviceReport {
    return deviceReport(status, this.#consoles, uplink, this.#options.clock.wallMs())
  }

  async #look(control: Control, ended: AbortSignal): Promise<void> {
    const { clock, askBridge } = this.#options
    while (!ended.aborted) {
      const { signal: changed } = this.#sessionsChanged
      const consoles = await askBridge(ended)
      if (whoIsOn(consoles) !== whoIsOn(this.#consoles)) this.#changed = renewed(this.#changed)
      for (const { console, technician, since } of gone(this.#consoles, consoles)) {
        const fromS = Math.max(0, Math.round((clock.wallMs() - since) / 1000))
        control.send(formatSession({ console, technician, fromS, toS: 0 }))
      }
      this.#consoles = consoles
      const { shell, console } = this.#status?.sessions ?? { shell: 0, console: 0 }
      const quietMs = shell + console > 0 ? LOOK_MS.inUse : LOOK_MS.idle
      const isFresh = clock.nowMs() - this.#sessionsAtMs < FRESH_MS
      const lookMs = isFresh ? LOOK_MS.fresh : consoles ? quietMs : LOOK_MS.unanswered
      await clock.sleep(lookMs, AbortSignal.any([ended, changed]))
    }
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
