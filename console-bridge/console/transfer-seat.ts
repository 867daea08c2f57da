/** A file transfer that has the line of a console to itself. */
import type { Loss } from './loss.ts'
import { calledAs, type Person } from './person.ts'
import type { Seat } from './seat.ts'

export interface Transfer {
  /** Types for the transfer; nobody else may meanwhile. */
  readonly seat: Seat
  /** `xmodem send` */
  readonly what: string
  /** What the target says: the others do not see it, and it is not recorded. */
  received(bytes: Buffer): void
  /** Something ends it, such as a BREAK. */
  stop(why: Loss): void
}

export interface TransferEvents extends Pick<Transfer, 'received' | 'stop'> {
  /** There may be room for more. */
  onRoom(): void
}

/** @param nowMs milliseconds since 1970 */
export function transferOf(
  by: Pick<Seat, 'id'> & Person,
  what: string,
  nowMs: number,
  events: TransferEvents,
): Transfer {
  const { received, stop, onRoom } = events
  const nothing = () => {}
  return {
    what,
    received,
    stop,
    seat: {
      ...by,
      ...{ since: nowMs, viewOnly: false, mayType: true, idleMs: 0, touch: nothing },
      events: {
        ...{ onOutput: nothing, onNotice: nothing, onSent: nothing, onLost: nothing, onOthersBreak: nothing, onRoom },
        onDismissed: async text => stop({ kind: 'left', text }),
      },
    },
  }
}

export function describeTransfer({ seat, what }: Transfer): string {
  return `${calledAs(seat)} transfers a file (${what})`
}
