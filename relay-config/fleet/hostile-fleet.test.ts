import * as assert from 'uvu/assert'
import { stringifyProvisioning } from '../../formats/provisioning.ts'
import { ConfigurationError } from '../../runtime/errors.ts'
import { randomCases, suite } from '../../testbed/suite.ts'
import { desiredRelay } from '../relay/dedicated/desired-relay.ts'
import { relayPaths } from '../relay/relay-paths.ts'
import { fleetText, KEY } from '../testing/hostile-fleet.ts'
import { randomFrom } from '../testing/random.ts'
import { DEBIAN_13 } from '../testing/sshd-features.ts'
import { type Fleet, parseFleet } from './fleet-config.ts'
import { BRIDGE, EVERY_HOST, IGNORE_UNKNOWN, NO_FORWARDS } from './render/client-settings.ts'
import { renderDeviceConfig } from './render/device-config.ts'
import { renderFiles } from './render/rendered-files.ts'

const test = suite('hostile fleet files')
const FILES = randomCases(10_000, 300)
const PRIVATE = '-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n'

/** Every line that may stand in what is rendered for relays and technicians; the texts that are the same for all are left out. */
const LINES: Record<string, RegExp> = {
  'putty.reg':
    /^(|REGEDIT4|\[HKEY_CURRENT_USER\\Software\\SimonTatham\\PuTTY\\Sessions\\[\w.-]+\]|"\w+"=(dword:[0-9a-f]{8}|"[\w.:+/,-]*"))\r$/,
  'teraterm.ttl':
    /^(|; [ -~]*|end|else|endif| {2}(end|strconcat options [ -~]+)|if result [<>] 0 then|strdim [a-z]+ \d+|[a-z]+\[\d+\] = '[\w.: ,[\]-]*'|(keyfile|chosen|options) = [ -~]+|(listbox|messagebox) '[ -~]+|strconcat options [ -~]+|strlen keyfile|connect options)\r?$/,
  'putty-linux.sh':
    /^(\w+=[\w.:+/,-]*|write [\w.-]+ <<'END'|END|#!\/bin\/sh|# Writes \d+ sessions .*|set -eu|umask 077|(config|folder)=\$\{.*|\[ -d "\$config" \] .*|mkdir -p "\$folder"|write\(\) \{| {2}cat >"\$folder\/\$1"|\}|echo "\d+ sessions are in \$folder")$/,
  authorized_keys:
    /^restrict,port-forwarding(,permit(open|listen)="127\.0\.0\.1:\d+")+,command="(exec \/?[\w.+@/-]+\/oobm-device-command [a-z0-9][\w.-]*( \/var\/lib\/oobm\/devices)?|exec \/?[\w.+@/-]+\/oobm-technician-command \/?[\w.+@/-]+\/(state|devices)( [a-z0-9][\w.-]*:\d+(,\d+)?(:(\+|[a-z0-9][\w.-]*(,[a-z0-9][\w.-]*)*))?)+)" [\w-]+ [\w+/=]+ oobm-(device|technician):[a-z0-9][\w.-]*$/,
  known_hosts: /^[a-z0-9][\w.-]*(,\[127\.0\.0\.1\]:\d+)? ssh-ed25519 [\w+/=]+$/,
  config: new RegExp(
    String.raw`^(#.*|${literally(IGNORE_UNKNOWN)}|Host [a-z0-9][\w.-]*( [a-z0-9][\w.-]*)?|Match originalhost [a-z0-9][\w.-]* exec "(test \$https_proxy\$HTTPS_PROXY && )?command -v oobm-relay"|| {2}(ProxyCommand oobm-relay proxy --own-first --ssh-config ~\/config (--tls oobm-relay-[\w.,-]+ )?%h:%p( oobm-relay-[\w.-]+)+|HostName [\w.:-]+|Port \d+|User [\w.-]+|HostKeyAlias [\w.-]+|ProxyCommand none|RequestTTY no|ProxyJump oobm-relay-[\w.-]+|UserKnownHostsFile "~\/k"|${[...EVERY_HOST, NO_FORWARDS, ...BRIDGE].map(literally).join('|')}))$`,
  ),
  sshd_config: /^(#.*|Match User [a-z_][\w-]*| {2}(#.*|[A-Z][A-Za-z]+ (yes|no|\d+)))$/,
}

/** The same for a dedicated relay. */
const DEDICATED_LINES: Record<string, RegExp> = {
  'haproxy.cfg':
    /^( {0,2}# [ -~]*|(global|defaults|(backend|frontend) [a-z_]+)| {2}acl is_exempt src [0-9a-f.:/ ]+| {2}(?!acl is_exempt)[a-z_-]+ [ -~]+|)$/,
  sshd_config: /^(#.*|| {0,2}[A-Z][A-Za-z0-9]+ [\w /.,:;%@+-]+|PerSourcePenaltyExemptList [\da-fA-F.:/,]+)$/,
  'nftables.conf': /^(#.*| {4}#.*|[\w {}]+| {4}[\w ;,{}-]+| {4}[\w ,{}]+ accept)$/,
}

function literally(text: string): string {
  return text.replace(/[.*+?^$()|[\]{}\\]/g, '\\$&')
}

function assertHarmless(fleet: Fleet): void {
  const keys = new Map(fleet.devices.map(({ name }) => [name, { relay: KEY, shell: KEY, bridge: KEY }]))
  const files = renderFiles(
    fleet,
    keys,
    { deviceCommand: '#!/bin/sh\n', technicianCommand: '#!/bin/sh\n', enrolCommand: '#!/bin/sh\n' },
    { knownHostsFile: '~/k' },
  )
  for (const [path, { content }] of files) {
    assert.match(path, /^(relay|technicians)\/[a-z0-9][\w.-]*\/[\w-]+(\.[a-z]+)?$/)
    const pattern = LINES[path.split('/').at(-1) ?? '']
    if (!pattern) continue
    for (const line of content.split('\n').slice(0, -1)) assert.match(line, pattern)
  }
  const deviceKeys = new Map(fleet.devices.map(({ name }) => [name, { relayKey: KEY, bridgeHostKey: KEY }]))
  const sshd = { path: '/usr/sbin/sshd', features: DEBIAN_13 }
  for (const relay of fleet.relays) {
    if (relay.accounts === 'dedicated') {
      const desired = desiredRelay({ fleetText: '', fleet, relay, deviceKeys }, relayPaths(), sshd)
      for (const [path, content] of desired.files) {
        assert.match(path, /^[a-z_]+(\/[a-z0-9_][\w.-]*){0,2}(\.conf|\.toml|\.cfg|\.plain)?$/)
        const pattern = path.startsWith('authorized_keys/') ? LINES.authorized_keys : DEDICATED_LINES[path]
        for (const line of content.split('\n').slice(0, -1)) if (pattern) assert.match(line, pattern, line)
      }
      continue
    }
    const install = files.get(`relay/${relay.name}/install`)?.content ?? ''
    assert.is(install.split('\n').filter(line => line === 'END_OF_OOBM_FILE').length, 4)
  }
  for (const device of fleet.devices) {
    stringifyProvisioning(renderDeviceConfig(fleet, device, KEY), { relayKey: PRIVATE, bridgeHostKey: PRIVATE })
  }
}

test('never crash it, and never put a line into what is rendered', () => {
  let good = 0
  for (let seed = 1; seed <= FILES; seed++) {
    const text = fleetText(randomFrom(seed))
    try {
      assertHarmless(parseFleet('fleet.toml', text))
      good++
    } catch (err) {
      if (err instanceof ConfigurationError && err.issues.length > 0) continue
      throw new Error(`seed ${seed}: ${(err as Error).message}\n${text}`, { cause: err })
    }
  }
  // Both kinds must be there, or the test shows nothing.
  assert.ok(good > FILES / 10 && good < (FILES * 9) / 10, `${good} of ${FILES} files were good`)
})

test.run()
