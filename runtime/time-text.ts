/** A time as people read it, everywhere: on relays and devices, in English, and with its zone; pure. */

/** `2026-11-26 04:20:07 UTC`; programs get ISO 8601. The relay's scripts say it the same way. */
export function timeText(wallMs: number): string {
  return `${new Date(wallMs).toISOString().slice(0, 19).replace('T', ' ')} UTC`
}
