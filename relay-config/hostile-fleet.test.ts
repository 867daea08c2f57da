import * as assert from 'uvu/assert'
import { ConfigurationError } from '../runtime/errors.ts'
import { stringifyProvisioning } from '../runtime/provisioning.ts'
import { suite } from '../tools/suite.ts'
import { desiredRelay } from './dedicated/desired-relay.ts'
import { type Fleet, parseFleet } from './fleet-config.ts'
import { relayPaths } from './relay-paths.ts'
import { renderDeviceConfig } from './render/device-config.ts'
import { renderFiles } from './render/rendered-files.ts'

const test = suite('hostile fleet files')
const FILES = 4000
const KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIDbnmHS+8Y0Pw7cRuyxH1EbU9JZRqj6bRsPyP+Xz6kx6'
const PRIVATE = '-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n'

/** What might end a line, a quote, a word, an option or a here-document, or mean something to a shell or to ssh. */
const VENOM = [
  ...[
    '\n',
    '\r\n',
    '"',
    "'",
    '`',
    '$(id)',
    ';id',
    '|',
    '&',
    ' ',
    '\t',
    '\\',
    '\0',
    '\u2028',
    'ä',
    '%h',
    '*',
    '?',
    '!',
    '#',
  ],
  ...[
    '\nssh-ed25519 AAAA',
    '",command="sh',
    'END_OF_OOBM_FILE',
    '\nEND_OF_OOBM_FILE\nid\n',
    '\nProxyCommand id',
    '-oProxyCommand=id',
  ],
  ...['../..', '/etc/passwd', '__proto__', 'constructor', '', '-', '.', 'a'.repeat(300), '127.0.0.1', 'localhost'],
]

/** mulberry32: the same numbers for the same seed, so that a failure can be run again. */
function generator(seed: number) {
  let state = seed
  const next = () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
  const below = (n: number) => Math.floor(next() * n)
  const pick = <T>(items: readonly T[]): T => items[below(items.length)] as T
  return { below, pick, chance: (p: number) => next() < p }
}

type Random = ReturnType<typeof generator>

/** A good value most of the time, so that many files are good but for one thing, and some are good. */
function fleetText(random: Random): string {
  const poison = random.pick([0, 0.005, 0.02, 0.2])
  const spoil = (value: string): string => {
    if (!random.chance(poison)) return value
    const at = random.below(value.length + 1)
    const venom = random.pick(VENOM)
    return random.chance(0.3) ? venom : value.slice(0, at) + venom + value.slice(at)
  }
  const name = (prefix: string) => spoil(`${prefix}${random.below(40)}`)
  const text = (value: string) =>
    random.chance(poison)
      ? random.pick(['[]', '{}', '3', 'true', '1e9', '2026-01-01', '[[1]]'])
      : JSON.stringify(spoil(value))
  const number = (value: number) =>
    random.chance(poison) ? random.pick(['-1', '0', '65535', '70000', '1.5', 'nan', '"7"']) : String(value)
  const list = (make: () => string) => `[${Array.from({ length: random.below(3) }, make).join(', ')}]`
  const repeat = (count: number, make: (index: number) => string[]) =>
    Array.from({ length: random.below(count) + 1 }, (_, i) => make(i)).flat()
  const key = () =>
    text(
      `ssh-ed25519 ${Buffer.concat([Buffer.from('0000000b7373682d6564323535313900000020', 'hex'), Buffer.from(Array.from({ length: 32 }, () => random.below(256)))]).toString('base64')}`,
    )
  const lines = [
    'version = 1',
    ...repeat(2, at => [
      '[[relays]]',
      `name = ${text(`r${at}`)}`,
      `host = ${text('relay.example')}`,
      `accounts = ${text(random.chance(0.3) ? 'dedicated' : 'shared')}`,
      `exempt_networks = [${text('192.0.2.0/24')}]`,
      'firewall = true',
      `user = ${text('oobm')}`,
      `port = ${number(443)}`,
      `host_keys = [${text(KEY)}]`,
      `directory = ${text('.oobm')}`,
    ]),
    ...repeat(3, at => [
      ...['[[devices]]', `name = ${text(`d${at}`)}`, `port = ${number(20000 + 2 * at)}`, `shell_user = ${text('pi')}`],
      ...(random.chance(poison) ? [`${JSON.stringify(spoil('colour'))} = 1`] : []),
      ...repeat(2, index => [
        '[[devices.consoles]]',
        `name = ${text(`c${at}-${index}`)}`,
        `path = ${text('/dev/ttyUSB0')}`,
        `baud_rate = ${number(9600)}`,
      ]),
    ]),
    ...repeat(2, at => [
      ...['[[technicians]]', `name = ${text(`t${at}`)}`, `keys = [${key()}]`, `uid = ${number(20000 + at)}`],
      `consoles = ${random.chance(0.5) ? text('all') : list(() => text(name('c0-')))}`,
      ...(random.chance(0.5) ? [`shells = ${list(() => text('d0'))}`] : []),
    ]),
  ]
  if (random.chance(poison)) lines.splice(random.below(lines.length), 1, random.pick(VENOM))
  return lines.join('\n')
}

/** Every line that may stand in what is rendered for relays and technicians; the texts that are the same for all are left out. */
const LINES: Record<string, RegExp> = {
  authorized_keys:
    /^restrict,port-forwarding(,permit(open|listen)="127\.0\.0\.1:\d+")+,command="(exec \/?[\w.+@/-]+\/oobm-device-word [a-z0-9][\w.-]*( \/var\/lib\/oobm\/devices)?|echo [\w ,.]+; exit 1)" [\w-]+ [\w+/=]+ oobm-(device|technician):[a-z0-9][\w.-]*$/,
  known_hosts: /^[a-z0-9][\w.-]* ssh-ed25519 [\w+/=]+$/,
  config:
    /^(#.*|IgnoreUnknown WarnWeakCrypto|Host [a-z0-9][\w.-]*|| {2}(HostName [\w.:-]+|Port \d+|User [\w.-]+|HostKeyAlias [\w.-]+|ProxyJump oobm-relay-[\w.-]+|UserKnownHostsFile "~\/k"|StrictHostKeyChecking yes|RequestTTY auto|EscapeChar ~|WarnWeakCrypto no-pq-kex|ForwardAgent no|ServerAlive(Interval 15|CountMax 3)))$/,
  sshd_config: /^(#.*|Match User [a-z_][\w-]*| {2}(#.*|[A-Z][A-Za-z]+ (yes|no|\d+)))$/,
}

/** The same for a dedicated relay. */
const DEDICATED_LINES: Record<string, RegExp> = {
  sshd_config: /^(#.*|| {0,2}[A-Z][A-Za-z0-9]+ [\w /.,:;%-]+|PerSourcePenaltyExemptList [\da-fA-F.:/,]+)$/,
  'nftables.conf': /^(#.*| {4}#.*|[\w {}]+| {4}[\w ;,{}-]+| {4}[\w ,{}]+ accept)$/,
}

function assertHarmless(fleet: Fleet): void {
  const keys = new Map(fleet.devices.map(({ name }) => [name, { relay: KEY, shell: KEY, bridge: KEY }]))
  const files = renderFiles(fleet, keys, '#!/bin/sh\n', { knownHostsFile: '~/k' })
  for (const [path, { content }] of files) {
    assert.match(path, /^(relay|technicians)\/[a-z0-9][\w.-]*\/[\w-]+$/)
    const pattern = LINES[path.split('/').at(-1) ?? '']
    if (!pattern) continue
    for (const line of content.split('\n').slice(0, -1)) assert.match(line, pattern)
  }
  const deviceKeys = new Map(fleet.devices.map(({ name }) => [name, { relayKey: KEY, bridgeHostKey: KEY }]))
  const sshd = { path: '/usr/sbin/sshd', features: { perSourcePenalties: true } }
  for (const relay of fleet.relays) {
    if (relay.accounts === 'dedicated') {
      const desired = desiredRelay({ fleetText: '', fleet, relay, deviceKeys }, relayPaths(), sshd)
      for (const [path, content] of desired.files) {
        assert.match(path, /^[a-z_]+(\/[a-z0-9_][\w.-]*){0,2}(\.conf|\.toml)?$/)
        const pattern = path.startsWith('authorized_keys/') ? LINES.authorized_keys : DEDICATED_LINES[path]
        for (const line of content.split('\n').slice(0, -1)) if (pattern) assert.match(line, pattern, line)
      }
      continue
    }
    const install = files.get(`relay/${relay.name}/install`)?.content ?? ''
    assert.is(install.split('\n').filter(line => line === 'END_OF_OOBM_FILE').length, 2)
  }
  for (const device of fleet.devices) {
    stringifyProvisioning(renderDeviceConfig(fleet, device, KEY), { relayKey: PRIVATE, bridgeHostKey: PRIVATE })
  }
}

test('never crash it, and never put a line into what is rendered', () => {
  let good = 0
  for (let seed = 1; seed <= FILES; seed++) {
    const text = fleetText(generator(seed))
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
