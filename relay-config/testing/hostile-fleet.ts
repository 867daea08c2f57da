/** Fleet files with hostile values in them, the same ones for the same seed. */
import type { Random } from './random.ts'

/** A key that is whole. */
export const KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIDbnmHS+8Y0Pw7cRuyxH1EbU9JZRqj6bRsPyP+Xz6kx6'

/** What might end a line, a quote, an argument, an option or a here-document, or mean something to a shell or to ssh. */
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

/** A good value most of the time, so that many files are good but for one thing, and some are good. */
export function fleetText(random: Random): string {
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
      ...(random.chance(0.3)
        ? [`accounts = ${text('dedicated')}`, `tls = ${random.chance(0.5)}`]
        : [`accounts = ${text('shared')}`]),
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
        `path = ${text(`/dev/ttyUSB${index}`)}`,
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
