/** What a relay's sshd must have set: what no option of a key can say, or what would undo the options. */
import { PROFILES } from '../../../formats/device-settings.ts'
import type { Relay } from '../fleet-config.ts'

/**
 * Seconds without a packet after which sshd asks a client, and how often it does so in vain: one and a half pings of the
 * slowest device, so that it never asks one that speaks. It only clears away a device that does not come back, one interval
 * after the last request (OpenSSH 9.2 takes two intervals for each); `evict` heals. See docs/decisions/0017.
 */
const CLIENT_ALIVE = { intervalS: PROFILES.cellular.keepaliveS * 1.5, countMax: 1 } as const

export const CLIENT_ALIVE_SETTINGS = [
  `ClientAliveInterval ${CLIENT_ALIVE.intervalS}`,
  `ClientAliveCountMax ${CLIENT_ALIVE.countMax}`,
] as const

/** Setting → why; `oobm-relay check` proves them live. All may stand in a Match block (sshd_config(5)). */
export const SSHD_SETTINGS: Record<string, string> = {
  'AllowTcpForwarding yes': 'devices listen (-R), technicians and the proof open (-L)',
  'AllowStreamLocalForwarding no':
    'else every key here may make Unix sockets anywhere this login may: permitlisten does not count for them',
  'GatewayPorts no': 'else the listeners stand open to the whole network instead of 127.0.0.1 alone',
  'PermitTunnel no': 'no key option forbids tun devices',
  [CLIENT_ALIVE_SETTINGS[0]]: 'clears away a device that vanished, in some minutes; one that speaks is not asked',
  [CLIENT_ALIVE_SETTINGS[1]]: '',
}

/** A drop-in for /etc/ssh/sshd_config.d/ that concerns the relay's login alone. */
export function renderSshdConfig({ name, port, user }: Relay): string {
  const settings = Object.entries(SSHD_SETTINGS).map(([setting, why]) => {
    return why === '' ? `  ${setting}\n` : `  # ${why}\n  ${setting}\n`
  })
  return `# sshd on relay "${name}", for the login "${user}": as root, put this into /etc/ssh/sshd_config.d/oobm.conf, then
#   sshd -t && systemctl reload ssh
# Devices and technicians come in on port ${port}: sshd needs a line "Port ${port}" (and "Port 22", if that is to stay).
Match User ${user}
${settings.join('')}`
}
