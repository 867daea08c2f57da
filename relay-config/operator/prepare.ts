/** The beginning of `plan`, `apply` and the relay's own `check`: what is wanted, what is present, and the difference. */
import { existsSync } from 'node:fs'
import { EXIT, UserError } from '../../runtime/errors.ts'
import { type Changes, inspectRelay } from '../relay/apply/inspect-relay.ts'
import { readState } from '../relay/apply/relay-state.ts'
import { askSshd, type SshdService, sshdService } from '../relay/apply/sshd-service.ts'
import { type DesiredRelay, desiredRelay, type PublicPart } from '../relay/dedicated/desired-relay.ts'
import type { Haproxy } from '../relay/dedicated/haproxy-config.ts'
import { defaultFleetFile, type RelayPaths, relayPaths } from '../relay/relay-paths.ts'
import type { BareInput } from './command.ts'
import { readPublicPart, receivePublicPart } from './public-part.ts'
import { refusers } from './relay-keys.ts'
import { publicHalfOf } from './sealed-key.ts'

export interface Prepared {
  part: PublicPart
  desired: DesiredRelay
  changes: Changes
  paths: RelayPaths
  sshd: string
  /** With `tls = true`. */
  haproxy: string | undefined
  service: SshdService
}

/** The argument and the options that they share. */
export const RELAY_ARGUMENT = {
  value: 'RELAY',
  isOptional: true,
  help: 'the relay; not needed where the fleet has only one',
} as const
export const RELAY_OPTIONS = {
  root: { value: 'DIR', help: 'work on the system below DIR' },
  'no-systemd': { help: 'start sshd without systemd' },
} as const
export const STDIN_OPTION = { help: 'read from standard input what "oobm-relay push" sends' } as const

export async function prepare({ values, positionals, files, signal }: BareInput, fromStdin = false): Promise<Prepared> {
  requireRoot()
  const paths = pathsOf(values)
  const withoutSystemd = values['no-systemd'] === true
  const name = positionals[0] ?? (await readState(paths))?.relay
  const isNamed = values.fleet !== undefined || process.env.OOBM_FLEET !== undefined
  const part = fromStdin
    ? await receivePublicPart(process.stdin)
    : await readPublicPart(isNamed ? files.fleet : defaultFleetFile(paths), name, paths)
  if (!existsSync(paths.deviceCommand)) {
    throw new UserError(
      `${paths.deviceCommand} is missing: install the package oobm-relay on the relay`,
      EXIT.unavailable,
    )
  }
  const sshd = await askSshd()
  const service = sshdService(paths, sshd.path, withoutSystemd)
  const haproxy = part.relay.tls ? findHaproxy(withoutSystemd) : undefined
  const desired = desiredRelay(part, paths, sshd, haproxy)
  if (part.hostKey !== undefined) {
    const publicKey = await publicHalfOf(part.hostKey, signal)
    desired.hostKey = { privateKey: part.hostKey, publicKey }
  }
  const changes = await inspectRelay(desired, paths, service, withoutSystemd)
  if (!changes.hasHostKey && desired.hostKey === undefined && part.relay.hostKeys.length > 0) {
    const advice = `"oobm-relay push ${part.relay.name} --restore" restores the pinned key from your copy. Without a copy: empty host_keys, push, and issue every device again`
    changes.conflicts.push(
      `this host has no host key yet, but the fleet file pins one. With a new key, ${refusers(part.fleet, part.relay)}. ${advice}`,
    )
  }
  return { part, desired, changes, paths, sshd: sshd.path, haproxy: haproxy?.path, service }
}

/** @throws UserError */
function findHaproxy(withoutSystemd: boolean): Haproxy {
  const path = '/usr/sbin/haproxy'
  if (withoutSystemd) {
    const why = 'which gives the port back to sshd when HAProxy fails'
    throw new UserError(
      `tls = true needs systemd, ${why}: set tls = false, or leave out --no-systemd`,
      EXIT.unavailable,
    )
  }
  if (!existsSync(path)) throw new UserError('tls = true needs HAProxy: install the package haproxy', EXIT.unavailable)
  return { path, hasIpv6: existsSync('/proc/net/if_inet6') }
}

/** @throws UserError */
export function requireRoot(): void {
  if (process.getuid?.() !== 0) throw new UserError('this needs root on the relay: use sudo', EXIT.usage)
}

export function pathsOf(values: BareInput['values']): RelayPaths {
  return relayPaths(typeof values.root === 'string' ? values.root : '/')
}

/** @throws UserError with all conflicts */
export function refuseConflicts({ changes: { conflicts } }: Prepared): void {
  if (conflicts.length > 0) throw new UserError(`not applied: ${conflicts.join('\n')}`, EXIT.configuration)
}
