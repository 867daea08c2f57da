/** The settings that a relay's sshd must have: those that no option of a key can express, and those that would undo the options. */
import { PROFILES } from '../../../formats/device-settings.ts'
import type { Relay } from '../fleet-config.ts'

/**
 * Seconds without a packet after which sshd sends a request to a client, and how many requests may stay unanswered: one and a
 * half pings of the slowest device, so that sshd never asks one that speaks. This only drops a device that does not come back,
 * one interval after the last request (OpenSSH 9.2: two intervals for each); one that comes back evicts its older connection.
 * See docs/decisions/0017.
 */
const CLIENT_ALIVE = { intervalS: PROFILES.cellular.keepaliveS * 1.5, countMax: 1 } as const

export const CLIENT_ALIVE_SETTINGS = [
  `ClientAliveInterval ${CLIENT_ALIVE.intervalS}`,
  `ClientAliveCountMax ${CLIENT_ALIVE.countMax}`,
] as const

/** Setting → why; `oobm-relay check` proves them live. All are allowed in a Match block (sshd_config(5)). */
export const SSHD_SETTINGS: Record<string, string> = {
  'AllowTcpForwarding yes': 'devices listen (-R), technicians and the proof open (-L)',
  'AllowStreamLocalForwarding no':
    'otherwise every key here can make Unix sockets wherever this login may write: permitlisten does not apply to them',
  'GatewayPorts no': 'otherwise the listeners are open to the whole network, not only on 127.0.0.1',
  'PermitTunnel no': 'no key option forbids tun devices',
  [CLIENT_ALIVE_SETTINGS[0]]: 'drops a device that vanished, within minutes; sends nothing to one that speaks',
  [CLIENT_ALIVE_SETTINGS[1]]: '',
}

/** A drop-in for /etc/ssh/sshd_config.d/ that applies to the relay's login alone. */
export function renderSshdConfig({ name, port, user }: Relay): string {
  const settings = Object.entries(SSHD_SETTINGS).map(([setting, why]) => {
    return why === '' ? `  ${setting}\n` : `  # ${why}\n  ${setting}\n`
  })
  return `# sshd on relay "${name}", for the login "${user}": as root, put this into /etc/ssh/sshd_config.d/oobm.conf, then
#   sshd -t && systemctl reload ssh
# Devices and technicians connect to port ${port}: sshd needs a line "Port ${port}" (and "Port 22", to keep that port).
Match User ${user}
${settings.join('')}`
}
