/** A line's speed and framing as people write them. */
import type { LineSettings } from './line.ts'

/** The settings among those of a console. */
export function settingsOf({ baudRate, dataBits, parity, stopBits, flowControl }: LineSettings): LineSettings {
  return { baudRate, dataBits, parity, stopBits, flowControl }
}

/** `9600 8N1`, with the flow control when there is any: `115200 8N1 rts-cts`. */
export function describeSettings({ baudRate, dataBits, parity, stopBits, flowControl }: LineSettings): string {
  const framing = `${baudRate} ${dataBits}${parity.charAt(0).toUpperCase()}${stopBits}`
  return flowControl === 'none' ? framing : `${framing} ${flowControl}`
}

/** Whether these settings have all of the changes already. */
export function isUnchanged(settings: LineSettings, changes: Partial<LineSettings>): boolean {
  return (Object.keys(changes) as (keyof LineSettings)[]).every(key => changes[key] === settings[key])
}

/** Milliseconds after which waiting bytes count as held, beyond what the line needs for the bytes in its adapter. */
const HELD_MS = 2_000
/** Bits of a byte on the wire, with start and stop bit. */
const BITS_PER_BYTE = 10

/** Milliseconds that a byte takes on the wire. */
export function byteMs({ baudRate }: Pick<LineSettings, 'baudRate'>): number {
  return (BITS_PER_BYTE * 1_000) / baudRate
}

/** @param bytes that the adapter may hold */
export function heldAfterMs(settings: Pick<LineSettings, 'baudRate'>, bytes: number): number {
  return HELD_MS + bytes * byteMs(settings)
}

/** Why flow control holds a line, as a clause. */
export function describeHold({ flowControl }: Pick<LineSettings, 'flowControl'>): string {
  switch (flowControl) {
    case 'xon-xoff':
      return 'the target sent XOFF (Ctrl-S) and no XON since'
    case 'rts-cts':
      return 'CTS is low: the target is busy or off, or the cable has no CTS wire'
    case 'none':
      return 'the adapter accepts no more bytes'
    default:
      return flowControl satisfies never
  }
}

/** What a release changes beyond this once; empty for nothing. */
export function describeRelease({ flowControl }: Pick<LineSettings, 'flowControl'>): string {
  return flowControl === 'rts-cts' ? ': CTS is ignored until the line is reopened' : ''
}
