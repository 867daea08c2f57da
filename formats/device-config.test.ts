import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { suite } from '../testbed/suite.ts'
import { consoleSchema } from './console-settings.ts'
import { deviceConfigSchema } from './device-config.ts'
import { intervalsSchema, PROFILES } from './device-settings.ts'
import { snakeCase } from './key-case.ts'
import { parseToml } from './toml-file.ts'

const test = suite('device configuration')

/** An Ed25519 key blob made of one letter. */
function key(letter: string): string {
  const strings = [Buffer.from('ssh-ed25519'), Buffer.alloc(32, letter)]
  const blob = Buffer.concat(strings.flatMap(one => [Buffer.from([0, 0, 0, one.length]), one]))
  return `ssh-ed25519 ${blob.toString('base64')}`
}

function problemsOf(technicians: unknown[]): string[] {
  const result = deviceConfigSchema.safeParse({
    version: 1,
    device: 'rack1',
    relays: [{ host: 'relay', user: 'device', hostKeys: [key('r')] }],
    listenerPort: 20100,
    bridge: { hostKey: key('h') },
    consoles: [{ name: 'sw1', path: '/dev/ttyUSB0' }],
    technicians,
  })
  return result.error?.issues.map(({ path, message }) => `${path.join('.')}: ${message}`) ?? []
}

test('a prompt is an expression that is cheap for any line', () => {
  const problem = (pastePrompt: string) =>
    consoleSchema.safeParse({ name: 'sw1', path: '/dev/x', pastePrompt }).error?.issues[0]?.message
  assert.is(problem('sw1[>#] ?$'), undefined)
  assert.match(problem('(?=x)y') ?? '', /^is not a regular expression in RE2 syntax: /)
  assert.match(problem('[') ?? '', /RE2 syntax/)
  assert.match(problem('(a{100}){5}') ?? '', /^is too large/)
  assert.match(problem('.*') ?? '', /matches an empty line/)
})

test('a line that is no serial port has no DTR to drop', () => {
  const problems = (path: string) =>
    consoleSchema
      .safeParse({ name: 'sw1', path, onLeave: 'dtr-drop' })
      .error?.issues.map(({ path, message }) => `${path.join('.')}: ${message}`)
  assert.is(problems('/dev/ttyUSB0'), undefined)
  for (const path of ['telnet://x:23', 'exec:virsh'])
    assert.equal(problems(path), ['onLeave: must be "none", "warn" or { send = "TEXT" }: this line has no DTR to drop'])
})

test('a hop key belongs to one technician and is no key of a person; it opens consoles of that technician only', () => {
  assert.equal(problemsOf([{ name: 'alice', keys: [key('a')], hopKeys: [key('x'), key('y')], viaRelay: ['sw1'] }]), [])
  assert.equal(
    problemsOf([
      { name: 'alice', keys: [key('a')], hopKeys: [key('x'), key('b')], viaRelay: ['sw2'] },
      { name: 'bob', keys: [key('b')], consoles: [], hopKeys: [key('x')], viaRelay: ['sw1'] },
    ]),
    [
      `technicians.0.viaRelay.0: "sw2" is not one of alice's consoles here`,
      `technicians.0.hopKeys.1: is bob's own key already: a hop key is one technician's`,
      `technicians.1.viaRelay.0: "sw1" is not one of bob's consoles here`,
      `technicians.1.hopKeys.0: is alice's hop key already: a hop key is one technician's`,
    ],
  )
})

test('each console has a line of its own, however its path is written', () => {
  const text = [
    `version = 1\ndevice = "rack1"\nlistener_port = 20100\nbridge = { host_key = "${key('h')}" }`,
    `relays = [{ host = "relay", user = "device", host_keys = ["${key('r')}"] }]`,
    '[[consoles]]\nname = "sw1"\npath = "/dev/ttyS0"', // 6
    '[[consoles]]\nname = "sw2"\npath = "/dev/serial/../ttyS0"',
  ].join('\n')
  assert.throws(
    () => parseToml('device.toml', text, deviceConfigSchema),
    (err: Error) => {
      assert.is(
        err.message,
        'device.toml:11: consoles[2].path: "/dev/serial/../ttyS0" is the path of sw1 already: each console has a line of its own (line 8)',
      )
      return true
    },
  )
})

test('no technician has a name that the console bridge uses itself', () => {
  assert.equal(problemsOf([{ name: 'local', keys: [key('a')] }]), [
    'technicians.0.name: "local" cannot be used: the console bridge uses it itself',
  ])
})

test('docs/tunnel.md has the intervals of both profiles, and the defaults of the others', () => {
  const page = readFileSync(join(import.meta.dirname, '../docs/tunnel.md'), 'utf8')
  const { wired, cellular } = PROFILES
  for (const key of Object.keys(wired) as (keyof typeof wired)[]) {
    assert.ok(page.includes(`\n| \`${snakeCase(key)}\` | ${wired[key]} | ${cellular[key]} | `), key)
  }
  const { timeoutS, backoffMinS, backoffMaxS, slowRetryS, stableS } = intervalsSchema.parse({})
  const rows = [
    `\`timeout_s\` | ${timeoutS}`,
    `\`backoff_min_s\`, \`backoff_max_s\` | ${backoffMinS}, ${backoffMaxS}`,
    ...[`\`slow_retry_s\` | ${slowRetryS}`, `\`stable_s\` | ${stableS}`],
  ]
  for (const row of rows) assert.ok(page.includes(`\n| ${row} | `), row)
})

test.run()
