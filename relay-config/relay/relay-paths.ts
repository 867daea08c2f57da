/** The paths of everything of ours on a dedicated relay, below a root folder that tests set. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'

export interface RelayPaths {
  /** The root folder: `/`, except in tests. */
  root: string
  /** Everything below it is ours. */
  etc: string
  /** The applied fleet file, the public half of what the operator has. */
  fleet: string
  /** The public relay key of each device, DEVICE.pub. */
  deviceKeys: string
  /** The generation in force: a link to one of `generations`, so that it changes as a whole. */
  relay: string
  generations: string
  sshdConfig: string
  hostKey: string
  /** A folder with a file for each account. */
  authorizedKeys: string
  nftables: string
  /** With `tls = true`: HAProxy's configuration, its certificate with the private key, and sshd's for the time when HAProxy fails. */
  haproxyConfig: string
  certificate: string
  plainSshdConfig: string
  /** The record of what `apply` has made. */
  state: string
  lib: string
  deviceCommand: string
  login: string
  /** State of the relay as a whole. */
  varLib: string
  /** One folder a device: records of oobm-device-command, `report.json`, `control`. */
  devices: string
  /** DEVICE.json. */
  maintenance: string
  /** One folder a device: the signed settings documents that wait for it. */
  settings: string
  /** One folder an enrolment: what new boards have sent. */
  enrolments: string
  history: string
  /** What `oobm-relay events` remembers. */
  events: string
  /** One file a technician who logs in, in which `oobm-login` records when they were where. */
  logins: string
  unit: string
  tlsUnit: string
  plainUnit: string
  pidFile: string
}

export function relayPaths(root = '/'): RelayPaths {
  const etc = join(root, 'etc/oobm')
  const relay = join(etc, 'relay')
  const lib = join(root, 'usr/lib/oobm')
  const varLib = join(root, 'var/lib/oobm')
  const units = join(root, 'etc/systemd/system')
  return {
    root,
    etc,
    // Through the link, so that it changes with everything else that is in force.
    fleet: join(etc, 'fleet.toml'),
    deviceKeys: join(relay, 'device_keys'),
    relay,
    generations: join(etc, 'generations'),
    sshdConfig: join(relay, 'sshd_config'),
    hostKey: join(relay, 'ssh_host_ed25519_key'),
    authorizedKeys: join(relay, 'authorized_keys'),
    nftables: join(relay, 'nftables.conf'),
    haproxyConfig: join(relay, 'haproxy.cfg'),
    certificate: join(relay, 'tls.pem'),
    plainSshdConfig: join(relay, 'sshd_config.plain'),
    state: join(etc, 'state.json'),
    lib,
    deviceCommand: join(lib, 'oobm-device-command'),
    login: join(lib, 'oobm-login'),
    varLib,
    devices: join(varLib, 'devices'),
    maintenance: join(varLib, 'maintenance'),
    settings: join(varLib, 'settings'),
    enrolments: join(varLib, 'enrolments'),
    history: join(varLib, 'history.jsonl'),
    events: join(root, 'var/lib/oobm-events/state.json'),
    logins: join(varLib, 'logins'),
    unit: join(units, 'oobm-relay-sshd.service'),
    tlsUnit: join(units, 'oobm-relay-tls.service'),
    plainUnit: join(units, 'oobm-relay-plain.service'),
    pidFile: join(root, 'run/oobm-relay-sshd.pid'),
  }
}

/** Where sshd finds the forced commands. */
export function forcedCommandsOf({ lib, devices }: RelayPaths): { directory: string; state: string } {
  return { directory: lib, state: devices }
}

/** The fleet file to use when none is named: the operator's in the working directory, else the applied one. */
export function defaultFleetFile(paths: RelayPaths): string {
  return existsSync('fleet.toml') ? 'fleet.toml' : paths.fleet
}
