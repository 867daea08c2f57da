/** What a relay's sshd must have set: what no option of a key can say, or what would undo the options. */
import type { Relay } from '../fleet-config.ts'

/** Setting → why; `oobm-relay check` proves them live. All may stand in a Match block (sshd_config(5)). */
export const SSHD_SETTINGS = {
  'AllowTcpForwarding yes': 'devices listen (-R), technicians and the proof open (-L)',
  'AllowStreamLocalForwarding no':
    'else every key here may make Unix sockets anywhere this login may: permitlisten does not count for them',
  'GatewayPorts no': 'else the listeners stand open to the whole network instead of 127.0.0.1 alone',
  'PermitTunnel no': 'no key option forbids tun devices',
  'ClientAliveInterval 15': 'a device that vanished is noticed within a minute',
  'ClientAliveCountMax 3': '',
} as const

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
