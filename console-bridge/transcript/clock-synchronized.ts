/** Whether the clock of this device is known to be right. */
import { existsSync } from 'node:fs'

/** systemd-timesyncd makes it when it has the time, once in each boot (systemd-timesyncd.service(8)). */
const TIMESYNCD = '/run/systemd/timesync/synchronized'
/** chrony's own folder has nothing of the kind, so `chrony-wait.service` or another unit may stand in: time-sync.target(7). */
const BY_HAND = '/run/oobm/clock-synchronized'

export function isClockSynchronized(): boolean {
  return existsSync(TIMESYNCD) || existsSync(BY_HAND)
}
