/** The content of the bridge's `status.json`. */

import { labelText } from '../formats/console-label.ts'
import { shownPath } from '../formats/line-path.ts'
import type { ConsoleStatus, ToldAlert } from '../formats/status-file.ts'
import type { Heartbeat } from '../runtime/boot-clock.ts'
import { VERSION } from '../runtime/version.ts'
import type { Console } from './console/console.ts'
import type { BridgeEvent } from './events.ts'

type Trouble = NonNullable<ConsoleStatus['consoles'][number]['notRecorded']>

/** @param notRecorded why the disk does not take the transcript of a console; @param heartbeat when all loops were last seen to turn */
export function consoleStatus(
  consoles: readonly Console[],
  port: number,
  heartbeat: Heartbeat,
  events: readonly BridgeEvent[],
  alerts: readonly ToldAlert[],
  sharedNames: readonly string[],
  notRecorded: (console: string) => Trouble | undefined,
): ConsoleStatus {
  const common = { version: 1, software: VERSION, pid: process.pid, heartbeat, port } as const
  return {
    ...common,
    sharedNames: [...sharedNames],
    events: [...events],
    ...(alerts.length > 0 && { alerts: [...alerts] }),
    consoles: consoles.map(one => ({ ...statusOf(one), ...troubleOf(notRecorded(one.name)) })),
  }
}

function troubleOf(trouble: Trouble | undefined): { notRecorded?: Trouble } {
  return trouble ? { notRecorded: trouble } : {}
}

function statusOf({
  config,
  control,
  keyboard,
  state,
  hold,
  counters,
  seats,
  writer,
  note,
  power,
}: Console): ConsoleStatus['consoles'][number] {
  return {
    name: config.name,
    path: shownPath(config.path),
    ...(config.isProvisional && { provisional: true }),
    settings: control.shown,
    ...(control.difference && { changed: control.difference }),
    state: state.open ? 'open' : 'closed',
    cause: state.open ? '' : state.cause,
    since: state.since,
    ...(config.label !== undefined && { label: labelText(config.label) }),
    ...(note && { note }),
    ...(power.outlets.length > 0 && { power: powerOf(power) }),
    ...(hold && { held: hold }),
    ...counters,
    // A transfer counts, too: a restart would cut it off.
    sessions: [...seats, ...(keyboard.transfer ? [keyboard.transfer.seat] : [])].map(seat => ({
      id: seat.id,
      technician: seat.technician,
      writer: seat === writer,
      from: seat.from,
      since: seat.since,
      ...(seat.via && { via: seat.via }),
    })),
  }
}

function powerOf({ outlets, latest }: Console['power']) {
  return {
    outlets: latest ? [...latest.outlets] : outlets.map(name => ({ name, state: 'unknown' as const })),
    at: latest?.at ?? null,
  }
}

/** One line for `systemctl status`. */
export function describeConsoles(consoles: readonly Console[]): string {
  if (consoles.length === 0) return 'no console is configured'
  return consoles
    .map(({ name, state, seats }) => {
      const sessions = seats.length === 0 ? '' : `, ${seats.length} session${seats.length === 1 ? '' : 's'}`
      return `${name} ${state.open ? 'open' : `closed: ${state.cause}`}${sessions}`
    })
    .join('; ')
}
