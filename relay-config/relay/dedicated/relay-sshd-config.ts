/** The configuration of a dedicated relay's own sshd (sshd_config(5)): it accepts our accounts and nobody else. */
import { relaysOf } from '../../fleet/access.ts'
import type { Fleet, Relay } from '../../fleet/fleet-config.ts'
import { INNER_SSHD_PORT } from '../../fleet/fleet-schema.ts'
import { technicianCommand, technicianPorts } from '../../fleet/render/authorized-keys.ts'
import { loginTechnicians } from '../../fleet/render/login-files.ts'
import { loginMatchBlock } from '../../fleet/render/login-match.ts'
import { CLIENT_ALIVE_SETTINGS } from '../../fleet/render/sshd-config.ts'
import { forcedCommandsOf, type RelayPaths } from '../relay-paths.ts'
import { algorithmSettings, type Offer } from './algorithms.ts'

/** The settings that this relay's sshd has, by `sshd -T`, because versions and distributions differ. */
export interface SshdFeatures {
  perSourcePenalties: boolean
  perSourceMaxStartups: boolean
  unusedConnectionTimeout: boolean
  /** The algorithms that it offers by default. */
  offer: Offer
}

/** @param text the output of `sshd -T` with nothing set */
export function sshdFeaturesOf(text: string): SshdFeatures {
  const has = (setting: string) => settingOf(text, setting) !== undefined
  const names = (setting: string) => settingOf(text, setting)?.split(',') ?? []
  return {
    perSourcePenalties: has('PerSourcePenalties'),
    perSourceMaxStartups: has('PerSourceMaxStartups'),
    unusedConnectionTimeout: has('UnusedConnectionTimeout'),
    offer: { KexAlgorithms: names('KexAlgorithms'), Ciphers: names('Ciphers'), MACs: names('MACs') },
  }
}

function settingOf(text: string, setting: string): string | undefined {
  return new RegExp(`^${setting.toLowerCase()} (.*)$`, 'm').exec(text)?.[1]
}

/** Seconds after which a device's connection with nothing open ends; a tunnel has the control channel. */
const UNUSED_S = 120
/** Sessions of one connection of a device: its control channel, `evict`, and two that are ending. */
const DEVICE_SESSIONS = 4
/** Places for logging in that no single address can take. */
const KEPT_STARTUPS = 50

/** Seconds to log in, by cable and by modem. */
const LOGIN_GRACE = { wired: 30, cellular: 90 } as const

export function loginGraceS(fleet: Fleet, relay: Relay): number {
  const profiles = fleet.devices.flatMap(device => (relaysOf(fleet, device).includes(relay) ? device.profile : []))
  return LOGIN_GRACE[[relay.profile, ...profiles].includes('cellular') ? 'cellular' : 'wired']
}

/** Networks that are never the public address of a stranger. */
export const PRIVATE_NETWORKS = [
  '127.0.0.0/8',
  '::1/128',
  '10.0.0.0/8',
  '172.16.0.0/12',
  '192.168.0.0/16',
  '100.64.0.0/10',
]

/**
 * How many connections may log in at once: all devices of a small fleet, because they all come back together; above that the
 * relay's memory is the limit (some 5 MB each), and the others come back after their backoff.
 */
function startups(fleet: Fleet, relay: Relay, { perSourceMaxStartups }: SshdFeatures, isInner: boolean): string[] {
  const devices = fleet.devices.filter(device => relaysOf(fleet, device).includes(relay)).length
  const clients = devices + fleet.technicians.length
  const start = startupsOf(clients)
  return [
    `MaxStartups ${start}:30:${2 * start}`,
    // Behind HAProxy all are one source, and HAProxy limits each.
    ...(perSourceMaxStartups && !isInner ? [`PerSourceMaxStartups ${placesOfOneSource(clients)}`] : []),
  ]
}

function startupsOf(clients: number): number {
  return Math.min(1000, 100 + clients)
}

/** @param clients devices and technicians */
export function placesOfOneSource(clients: number): number {
  return startupsOf(clients) - KEPT_STARTUPS
}

/** @param isInner whether HAProxy has the relay's port */
export function renderRelaySshdConfig(
  fleet: Fleet,
  relay: Relay,
  paths: RelayPaths,
  features: SshdFeatures,
  isInner = relay.tls,
): string {
  const technicians = fleet.technicians.filter(technician => technicianPorts(fleet, relay, technician).length > 0)
  const logins = loginTechnicians(fleet, relay)
  const jumpers = technicians.filter(technician => !logins.includes(technician))
  return [
    `# sshd of relay "${relay.name}", made by "oobm-relay apply": your changes here are lost. This is not the host's own sshd.`,
    // Behind HAProxy, which has the relay's port.
    ...(isInner ? [`Port ${INNER_SSHD_PORT}`, 'ListenAddress 127.0.0.1'] : [`Port ${relay.port}`]),
    `HostKey ${paths.hostKey}`,
    `PidFile ${paths.pidFile}`,
    `AuthorizedKeysFile ${paths.authorizedKeys}/%u`,
    `AllowUsers ${[relay.user, ...technicians.map(({ name }) => name)].join(' ')}`,
    ...algorithmSettings(features.offer),
    'HostKeyAlgorithms ssh-ed25519',
    'Compression no',
    'PubkeyAuthentication yes',
    // If one technician may log in by password, sshd asks everybody for one, also names that do not exist: otherwise its offer
    // would tell the names apart. The password of all others is `*`, which nothing fits.
    `PasswordAuthentication ${logins.length > 0 ? 'yes' : 'no'}`,
    'KbdInteractiveAuthentication no',
    'HostbasedAuthentication no',
    'PermitRootLogin no',
    'PermitEmptyPasswords no',
    'UsePAM no',
    'UseDNS no',
    'StrictModes yes',
    'LogLevel VERBOSE',
    `LoginGraceTime ${loginGraceS(fleet, relay)}`,
    ...startups(fleet, relay, features, isInner),
    // Of one connection; forwarded ports do not count.
    'MaxSessions 10',
    ...penalties(relay, features, isInner),
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
    '# Devices. Where each key may listen and what it may open is in its line of authorized_keys.',
    `Match User ${relay.user}`,
    '  PasswordAuthentication no',
    '  AllowTcpForwarding yes',
    `  MaxSessions ${DEVICE_SESSIONS}`,
    ...(features.unusedConnectionTimeout ? [`  UnusedConnectionTimeout ${UNUSED_S}`] : []),
    ...(jumpers.length > 0 ? ['', '# Technicians who jump.'] : []),
    ...jumpers.flatMap(technician => [
      `Match User ${technician.name}`,
      '  AllowTcpForwarding local',
      // As in the lines of authorized_keys, which apply to keys only.
      `  PermitOpen ${technicianPorts(fleet, relay, technician)
        .map(port => `127.0.0.1:${port}`)
        .join(' ')}`,
      '  PermitListen none',
      '  MaxSessions 4',
      `  ForceCommand ${technicianCommand(fleet, relay, technician, forcedCommandsOf(paths))}`,
    ]),
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

/** Mild penalties: they hit an address, and behind it may be many devices of which one fails. */
function penalties({ exemptNetworks }: Relay, { perSourcePenalties }: SshdFeatures, isInner: boolean): string[] {
  if (!perSourcePenalties) return []
  // All come from 127.0.0.1: one who fails would lock everybody out.
  if (isInner) return ['PerSourcePenalties no']
  return [
    'PerSourcePenalties authfail:1s noauth:1s grace-exceeded:5s max:60s',
    `PerSourcePenaltyExemptList ${[...PRIVATE_NETWORKS, ...exemptNetworks].join(',')}`,
  ]
}
