/** Whether settings close sshd on the uplink side where nobody could get in then; pure. */
import type { DeviceConfig } from '../../formats/device-config.ts'
import { isTable, type Table } from './merge.ts'

export interface OtherWays {
  /** Whether the tunnel was proved. */
  tunnel: boolean
  /** Whether an address is for those beside the board. */
  local: boolean
}

/** @returns what is wrong, undefined where it was closed before, or another way is there */
export function closesTheWay(before: Table | undefined, after: DeviceConfig, ways: OtherWays): string | undefined {
  const wasClosed = isTable(before?.shell) && before.shell.sshOnUplink === false
  if (after.shell.sshOnUplink || wasClosed || ways.tunnel || ways.local) return undefined
  return 'shell.ssh_on_uplink = false closes sshd on every address that this device has, and the tunnel is not proved (oobm status): nobody could log in'
}
