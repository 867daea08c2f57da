/** Whether the clock of this device is known to be right. */
import { existsSync } from 'node:fs'

/** systemd-timesyncd makes it when it has the time, once in each boot (systemd-timesyncd.service(8)). */
const TIMESYNCD = '/run/systemd/timesync/synchronized'

/** With another program for NTP than systemd-timesyncd, nobody says so. */
export function isClockSynchronized(): boolean {
  return existsSync(TIMESYNCD)
}
