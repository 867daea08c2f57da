/** Keeps the facts, derives the status from them, and is the one place that performs the effects of a change. */

import type { SupervisorStatus } from '../../formats/status-file.ts'
import type { UserdataStatus } from '../../formats/userdata.ts'
import { HEARTBEAT_MS, type Heartbeat, heartbeatNow } from '../../runtime/boot-clock.ts'
import { type Clock, WallTimes } from '../../runtime/clock.ts'
import { printable } from '../../runtime/printable.ts'
import { VERSION } from '../../runtime/version.ts'
import { deriveStatus, type Limits, type Status } from './derive-status.ts'
import { type Facts, FIRST_FACTS } from './facts.ts'

/** What a change of the status sets in motion. */
export interface Effects {
  /** The state or its cause changed. */
  changed(status: Status): void
  /** The content for the status file; the same content may come again. */
  write(status: SupervisorStatus): void
  /** Resolves when what was written is in the file. */
  close(): Promise<void>
}

/** What the status file says beside what is derived; instants are monotonic milliseconds here. */
export type Details = Pick<
  SupervisorStatus,
  | 'relay'
  | 'connectedAt'
  | 'proof'
  | 'retryAt'
  | 'recovery'
  | 'uplinks'
  | 'way'
  | 'ways'
  | 'userdata'
  | 'portals'
  | 'button'
  | 'onLastGood'
  | 'hotspot'
>

/** Changes of the state that the status file remembers: a bad night fits, and the file stays small. */
const CHANGES_MAX = 50

/** Characters of a cause: every message of ours fits. */
const CAUSE_MAX = 600

export class StatusKeeper {
  readonly #device: string
  readonly #clock: Clock
  readonly #limits: Omit<Limits, 'nowMs'>
  readonly #effects: Effects
  #facts: Facts = FIRST_FACTS
  #details: Details = {
    relay: null,
    connectedAt: null,
    proof: { provedAt: null, by: null, tookMs: null, attempt: null, probeMs: null },
    retryAt: null,
  }
  #status: Status | undefined
  #sinceMs = 0
  #changes: SupervisorStatus['changes'] = []
  readonly #times: WallTimes
  #isAlive = true
  #heartbeat: { said: Heartbeat; atMs: number } | undefined

  constructor(device: string, limits: Omit<Limits, 'nowMs'>, clock: Clock, effects: Effects) {
    this.#device = device
    this.#clock = clock
    this.#limits = limits
    this.#effects = effects
    this.#times = new WallTimes(clock)
  }

  get proof(): SupervisorStatus['proof'] {
    return this.#details.proof
  }

  get facts(): Readonly<Facts> {
    return this.#facts
  }

  close(): Promise<void> {
    return this.#effects.close()
  }

  /** Takes in what was found out; the status follows from it at once. */
  report(facts: Partial<Facts>, details: Partial<Details> = {}): void {
    this.#facts = { ...this.#facts, ...facts }
    this.#details = { ...this.#details, ...details }
    this.refresh(this.#isAlive)
  }

  /**
   * Derives the status again, because some facts expire; called by a timer that no loop delays.
   * @param isAlive false while a loop is stuck: the heartbeat then stops
   */
  refresh(isAlive = true): void {
    this.#isAlive = isAlive
    const nowMs = this.#clock.nowMs()
    const derived = deriveStatus(this.#facts, { ...this.#limits, nowMs })
    // Text of relays, targets and files is in it, and terminals show it.
    const status = { ...derived, cause: printable(derived.cause, CAUSE_MAX) }
    if (status.state !== this.#status?.state || status.cause !== this.#status.cause) {
      if (status.state !== this.#status?.state) this.#sinceMs = nowMs
      this.#status = status
      this.#changes = [...this.#changes, { at: nowMs, ...status }].slice(-CHANGES_MAX)
      this.#effects.changed(status)
    }
    this.#effects.write(this.#content(status))
  }

  /** Every instant is turned to wall-clock time here: when the board learns the time, they all follow. */
  #content({ state, cause }: Status): SupervisorStatus {
    const wall = (ms: number) => this.#times.of(ms)
    const wallOrNull = (ms: number | null) => (ms === null ? null : wall(ms))
    const {
      relay,
      way = null,
      ways = [],
      connectedAt,
      retryAt,
      proof,
      recovery = [],
      uplinks,
      userdata,
      portals = [],
      button,
      onLastGood,
      hotspot,
    } = this.#details
    return {
      version: 1,
      device: this.#device,
      software: VERSION,
      pid: process.pid,
      heartbeat: this.#beat(),
      state,
      cause,
      since: wall(this.#sinceMs),
      relay,
      way,
      ways: ways.map(({ cause, at, ...tried }) => {
        return { ...tried, cause: cause === null ? null : printable(cause, CAUSE_MAX), at: wall(at) }
      }),
      connectedAt: wallOrNull(connectedAt),
      proof: {
        ...proof,
        provedAt: wallOrNull(proof.provedAt),
        attempt: proof.attempt && {
          ...proof.attempt,
          at: wall(proof.attempt.at),
          steps: proof.attempt.steps.map(printableStep),
        },
      },
      ...(uplinks && {
        uplinks: uplinks.map(one => ({
          ...one,
          provedAt: wallOrNull(one.provedAt),
          why: printable(one.why, CAUSE_MAX),
        })),
      }),
      ...(userdata && { userdata: atWall(userdata, wall) }),
      ...(portals.length > 0 && { portals: portals.map(one => ({ ...one, at: wall(one.at) })) }),
      ...(hotspot && {
        hotspot: {
          ...hotspot,
          since: wallOrNull(hotspot.since),
          next: hotspot.next && { ...hotspot.next, at: wall(hotspot.next.at) },
          problem: printable(hotspot.problem, CAUSE_MAX),
        },
      }),
      sessions: this.#facts.sessions,
      retryAt: wallOrNull(retryAt),
      ...(recovery.length > 0 && {
        recovery: recovery.map(({ since, steps, next, ...one }) => ({
          ...one,
          since: wall(since),
          steps: steps.map(step => ({ ...step, at: wall(step.at) })),
          next: next && { ...next, at: wall(next.at) },
        })),
      }),
      ...(button && {
        button: {
          ...button,
          problem: button.problem && printable(button.problem, CAUSE_MAX),
          last: button.last && { ...button.last, at: wall(button.last.at) },
        },
      }),
      ...(onLastGood && { onLastGood }),
      changes: this.#changes.map(change => ({ ...change, at: wall(change.at) })),
    }
  }

  /** A new one every few seconds, so that the file is not written every second. */
  #beat(): Heartbeat {
    const nowMs = this.#clock.nowMs()
    const isDue = this.#isAlive && nowMs - (this.#heartbeat?.atMs ?? 0) >= HEARTBEAT_MS
    if (this.#heartbeat === undefined || isDue) {
      this.#heartbeat = { said: heartbeatNow(), atMs: nowMs }
    }
    return this.#heartbeat.said
  }
}

function printableStep<S extends { detail: string }>(step: S): S {
  return { ...step, detail: printable(step.detail, CAUSE_MAX) }
}

function atWall(
  { lookedAt, fault, trial, undone, ...one }: UserdataStatus,
  wall: (ms: number) => number,
): UserdataStatus {
  return {
    ...one,
    lookedAt: lookedAt === null ? null : wall(lookedAt),
    fault: printable(fault, CAUSE_MAX),
    trial: trial && { ...trial, since: wall(trial.since), cause: printable(trial.cause, CAUSE_MAX) },
    undone: undone && { ...undone, at: wall(undone.at), cause: printable(undone.cause, CAUSE_MAX) },
  }
}
