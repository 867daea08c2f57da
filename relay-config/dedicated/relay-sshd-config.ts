/** The configuration of a dedicated relay's own sshd (sshd_config(5)): it knows our accounts and nothing else. */
import { relaysOf } from '../access.ts'
import type { Fleet, Relay } from '../fleet-config.ts'
import type { RelayPaths } from '../relay-paths.ts'
import { TECHNICIAN_WORD, technicianPorts } from '../render/authorized-keys.ts'
import { loginTechnicians } from '../render/login-files.ts'
import { loginMatchBlock } from '../render/login-match.ts'
import { CLIENT_ALIVE_SETTINGS } from '../render/sshd-config.ts'

/** What this relay's sshd can be told; asked of `sshd -T`, because versions and distributions differ. */
export interface SshdFeatures {
  perSourcePenalties: boolean
}

/** Seconds to log in, and where a modem may be that slow. */
const LOGIN_GRACE = { wired: 30, cellular: 90 } as const

function loginGraceS(fleet: Fleet, relay: Relay): number {
  const profiles = fleet.devices.flatMap(device => (relaysOf(fleet, device).includes(relay) ? device.profile : []))
  return LOGIN_GRACE[[relay.profile, ...profiles].includes('cellular') ? 'cellular' : 'wired']
}

/** Networks that are never the public address of a stranger. */
const PRIVATE_NETWORKS = ['127.0.0.0/8', '::1/128', '10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10']

/**
 * Connections that may be logging in at once: all devices of a small fleet, for they all come back together; above that the
 * relay's memory is the limit (some 5 MB each), and the rest come again by their backoff.
 */
function maxStartups(fleet: Fleet, relay: Relay): string {
  const devices = fleet.devices.filter(device => relaysOf(fleet, device).includes(relay)).length
  const start = Math.min(1000, 100 + devices + fleet.technicians.length)
  return `${start}:30:${2 * start}`
}

export function renderRelaySshdConfig(fleet: Fleet, relay: Relay, paths: RelayPaths, features: SshdFeatures): string {
  const technicians = fleet.technicians.filter(technician => technicianPorts(fleet, relay, technician).length > 0)
  const logins = loginTechnicians(fleet, relay)
  const jumpers = technicians.filter(technician => !logins.includes(technician))
  return [
    `# sshd of relay "${relay.name}", made by "oobm-relay apply": what you write in here is lost. The host's own is another.`,
    `Port ${relay.port}`,
    `HostKey ${paths.hostKey}`,
    `PidFile ${paths.pidFile}`,
    `AuthorizedKeysFile ${paths.authorizedKeys}/%u`,
    `AllowUsers ${[relay.user, ...technicians.map(({ name }) => name)].join(' ')}`,
    'PubkeyAuthentication yes',
    'PasswordAuthentication no',
    'KbdInteractiveAuthentication no',
    'HostbasedAuthentication no',
    'PermitRootLogin no',
    'PermitEmptyPasswords no',
    'UsePAM no',
    'UseDNS no',
    'StrictModes yes',
    'LogLevel VERBOSE',
    `LoginGraceTime ${loginGraceS(fleet, relay)}`,
    `MaxStartups ${maxStartups(fleet, relay)}`,
    // Of one connection: a device's words and a technician's login; forwarded ports do not count.
    'MaxSessions 10',
    ...penalties(relay, features),
    ...CLIENT_ALIVE_SETTINGS,
    'AllowTcpForwarding no',
    'AllowStreamLocalForwarding no',
    'AllowAgentForwarding no',
    'X11Forwarding no',
    'GatewayPorts no',
    'PermitTunnel no',
    'PermitTTY no',
    'PermitUserEnvironment no',
    'PermitUserRC no',
    'PrintMotd no',
    'PrintLastLog no',
    '',
    '# Devices: what each key may listen on and open is in its line of authorized_keys.',
    `Match User ${relay.user}`,
    '  AllowTcpForwarding yes',
    ...(jumpers.length > 0
      ? [
          '',
          '# Technicians who jump.',
          `Match User ${jumpers.map(({ name }) => name).join(',')}`,
          '  AllowTcpForwarding local',
          `  ForceCommand ${TECHNICIAN_WORD}`,
        ]
      : []),
    ...logins.flatMap(technician => [
      '',
      loginMatchBlock({
        technician: technician.name,
        jumpPorts: technicianPorts(fleet, relay, technician),
        ...(paths.root === '/' ? {} : { program: paths.login, directory: paths.relay }),
      }).trimEnd(),
    ]),
    '',
  ].join('\n')
}

/** Mild ones: they hit an address, behind which there may be many devices and one that is wrong. */
function penalties({ exemptNetworks }: Relay, { perSourcePenalties }: SshdFeatures): string[] {
  if (!perSourcePenalties) return []
  return [
    'PerSourcePenalties authfail:1s noauth:1s grace-exceeded:5s max:60s',
    `PerSourcePenaltyExemptList ${[...PRIVATE_NETWORKS, ...exemptNetworks].join(',')}`,
  ]
}
