/** All that a fleet file means for one dedicated relay. */
import { join } from 'node:path'
import { relaysOf } from '../../fleet/access.ts'
import type { Fleet, Relay } from '../../fleet/fleet-config.ts'
import { keyPath } from '../../fleet/key-files.ts'
import { deviceLine, enrolmentLine, technicianLines } from '../../fleet/render/authorized-keys.ts'
import { renderGatewayTable } from '../../fleet/render/gateway.ts'
import { loginTechnicians, renderLoginFiles } from '../../fleet/render/login-files.ts'
import { forcedCommandsOf, type RelayPaths } from '../relay-paths.ts'
import { type Account, accountsOf } from './accounts.ts'
import { type Haproxy, renderHaproxyConfig } from './haproxy-config.ts'
import { gatewayPorts, openPorts, renderNftables } from './nftables.ts'
import { renderRelaySshdConfig, type SshdFeatures } from './relay-sshd-config.ts'
import { renderPlainUnit, renderTlsUnit } from './tls-units.ts'
import { renderUnit } from './unit.ts'

/** What the operator provides. Nothing in it is secret, except a host key to restore. */
export interface PublicPart {
  fleetText: string
  fleet: Fleet
  relay: Relay
  /** The public keys of each device, by its name. */
  deviceKeys: ReadonlyMap<string, DeviceKeys>
  /** The private host key to restore; when left out, the relay keeps its own or makes one. */
  hostKey?: string | undefined
}

export interface DeviceKeys {
  relayKey: string
  bridgeHostKey: string
}

export interface DesiredRelay {
  relay: Relay
  /** Path below `RelayPaths.relay` → content. Root owns them and all may read them: sshd reads them as the person who logs in. */
  files: Map<string, string>
  /** The host key to restore. */
  hostKey?: { privateKey: string; publicKey: string }
  /** Path → content. */
  units: Map<string, string>
  accounts: Account[]
  /** The names of technicians who have a hop key here. */
  logins: string[]
  /** Whether the kernel gets tables of ours: `nftables.conf`, `gateway.nft`. */
  hasTables: boolean
  /** The TCP ports that a firewall leaves open. */
  openPorts: number[]
}

export interface Sshd {
  path: string
  features: SshdFeatures
}

/** Where Debian has it, on a host with IPv6. */
const DEBIANS_HAPROXY: Haproxy = { path: '/usr/sbin/haproxy', hasIpv6: true }

export function desiredRelay(
  { fleetText, fleet, relay, deviceKeys }: PublicPart,
  paths: RelayPaths,
  sshd: Sshd,
  haproxy = DEBIANS_HAPROXY,
) {
  const devices = fleet.devices.filter(device => relaysOf(fleet, device).includes(relay))
  const commands = forcedCommandsOf(paths)
  const keyOf = (name: string) => deviceKeys.get(name) ?? missing(name)
  const lines = (all: string[]) => all.map(line => `${line}\n`).join('')
  const files = new Map<string, string>([
    ['fleet.toml', fleetText],
    ['sshd_config', renderRelaySshdConfig(fleet, relay, paths, sshd.features)],
    [
      `authorized_keys/${relay.user}`,
      lines([
        ...devices.map(device => deviceLine(relay, device, keyOf(device.name).relayKey, commands)),
        ...fleet.enrolments.map(enrolment =>
          enrolmentLine(enrolment, paths.lib, [paths.enrolments, join(paths.authorizedKeys, relay.user)]),
        ),
      ]),
    ],
    ...devices.flatMap(({ name }): [string, string][] => [
      [`${keyPath('device_keys', name, 'relayKey')}.pub`, `${keyOf(name).relayKey}\n`],
      [`${keyPath('device_keys', name, 'bridgeHostKey')}.pub`, `${keyOf(name).bridgeHostKey}\n`],
    ]),
    ...renderLoginFiles(fleet, relay, device => keyOf(device.name).bridgeHostKey),
  ])
  const logins = loginTechnicians(fleet, relay)
  for (const technician of fleet.technicians) {
    const login = logins.includes(technician) ? { login: `exec ${paths.login}` } : {}
    const keys = technicianLines(fleet, relay, technician, { ...login, commands })
    if (keys.length > 0) files.set(`authorized_keys/${technician.name}`, lines(keys))
  }
  if (relay.tls) {
    files.set('haproxy.cfg', renderHaproxyConfig(fleet, relay, haproxy))
    files.set('sshd_config.plain', renderRelaySshdConfig(fleet, relay, paths, sshd.features, false))
  }
  if (relay.firewall) files.set('nftables.conf', renderNftables(fleet, relay))
  const gateways = gatewayPorts(fleet, relay)
  if (gateways.length > 0) files.set('gateway.nft', renderGatewayTable(gateways))
  const units = new Map([[paths.unit, renderUnit(relay, paths, sshd.path, gateways.length > 0)]])
  if (relay.tls) {
    units.set(paths.tlsUnit, renderTlsUnit(relay, paths, haproxy))
    units.set(paths.plainUnit, renderPlainUnit(relay, paths, sshd.path))
  }
  const desired: DesiredRelay = {
    relay,
    files,
    units,
    accounts: accountsOf(fleet, relay),
    logins: logins.map(({ name }) => name),
    hasTables: relay.firewall || gateways.length > 0,
    openPorts: openPorts(fleet, relay),
  }
  return desired
}

function missing(device: string): never {
  throw new Error(`no relay key of ${device} was given`)
}
