/** A time as people read it, everywhere: on relays and devices, in English, and with its zone; pure. */

/** `2026-11-26 04:20:07 UTC`; programs get ISO 8601. The relay's scripts say it the same way. */
export function timeText(wallMs: number): string {
  return `${new Date(wallMs).toISOString().slice(0, 19).replace('T', ' ')} UTC`
}

/** `2026-11-28 00:00 Asia/Tokyo`, where somebody chose that zone. */
export function zonedTimeText(wallMs: number, zone: string): string {
  const format = new Intl.DateTimeFormat('en', {
    timeZone: zone,
    hourCycle: 'h23',
    ...{ year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit' },
  })
  const parts = Object.fromEntries(format.formatToParts(wallMs).map(({ type, value }) => [type, value]))
  return `${parts.year}-${parts.month}-${parts.day} ${parts.hour}:${parts.minute} ${zone}`
}
