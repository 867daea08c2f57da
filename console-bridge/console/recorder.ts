/** What a console tells whoever keeps a record of it. Pure: the transcript implements it. */

export interface Recorder {
  /** There is more in the scrollback. Called for each piece of output when it arrives, so it must be cheap. */
  received(): void
  /** Something happened, after all output that was received before. */
  happened(kind: EventKind, what: string, fields?: EventFields): void
}

/**
 * Kinds of events. `what` is one word of its own for each, such as `begin` and `end` of a `session`; the fields say the rest.
 */
export const EVENT_KINDS = {
  session: 'somebody came or left: `begin`, `end`',
  keyboard: 'somebody types now: `taken` from another, or `free` before; `released`',
  break: 'a BREAK: `sent` or `failed`',
  line: 'the serial line: `open`, `closed`; `set`: its settings were changed',
  gap: 'output that is missing here: `missing`, how much if known, and why',
  clock:
    'the clock of the device was set: by so many milliseconds; all times above of the same boot are wrong by as much',
  bridge: 'the console bridge `started`, `stopped`, or `continues` in a new file',
  power: 'the outlets of the target: `on`, `off`, `cycle` when somebody asks for it, and then `done` or `failed`',
  transfer:
    'a file transfer, when it is over: `end`, without sizes where the bridge was killed in the middle of it; its bytes are not recorded',
  note: 'anything else',
} as const

export type EventKind = keyof typeof EVENT_KINDS

/** A field without a value is left out. */
export type EventFields = Readonly<Record<string, string | number | undefined>>
