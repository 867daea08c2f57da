/** `oobm-apply` and connectivity on trial: the program itself, under a supervisor that the test plays. */
import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { runProgram } from '../testbed/run-program.ts'
import { suite } from '../testbed/suite.ts'
import { makeDevice, type TestDevice } from './testing/device.ts'

const test = suite('oobm-apply: connectivity')

const BOTH = ['systemctl restart oobm-supervisor.service']

const results = async (device: TestDevice) =>
  (await device.record()).outcomes.map(({ serial, result }) => `${serial} ${result}`)
const relayOf = async (device: TestDevice) => /host = "(.*)"/.exec(await device.read('etc/oobm/device.toml'))?.[1]
const leftOvers = async (device: TestDevice) =>
  (await readdir(join(device.root, 'etc/oobm/secrets'))).filter(name => /^(next|trial)/.test(name))

test('stays when it is proved', async context => {
  const device = await makeDevice(context)
  await device.put('a.settings', await device.sign(device.connectivity(7, 'new.example.net')))
  const relays = new Set<string | undefined>()
  const { code, stdout } = await device.runWhile(async () => {
    relays.add(await relayOf(device))
    // What the supervisor said before it began with the new settings does not count.
    await device.writeStatus({ state: 'ready', proved: true })
  })
  assert.is(code, 0, stdout)
  assert.equal([...relays], ['old.example.net', 'new.example.net'])
  assert.is(await relayOf(device), 'new.example.net')
  assert.equal(await results(device), ['7 trial', '7 confirmed'])
  assert.equal(await device.asked(), BOTH)
  assert.equal(await leftOvers(device), [])
  assert.is((await device.record()).trial, null)
})

test('is undone when it is not proved, with the reason; a person who was removed with it stays removed', async context => {
  const device = await makeDevice(context)
  const access = { technicians: [{ name: 'alice', keys: [device.keys.alice.publicKey], shell: true }] }
  await device.put('a.settings', await device.sign({ ...device.connectivity(7, 'wrong.example.net'), access }))
  const seen = new Set<string>()
  const { code, stdout } = await device.runWhile(
    async () => {
      await device.writeStatus({ state: 'refused', cause: 'wrong.example.net has another host key' })
      const now = `${await relayOf(device)} ${(await device.read('etc/oobm/device.toml')).includes('bob')}`
      seen.delete(now)
      seen.add(now)
    },
    { OOBM_TRIAL_S: '3' },
  )
  assert.is(code, 0, stdout)
  // With the new relay, the person is gone already; with the old one back, they still are.
  assert.equal([...seen].slice(-2), ['wrong.example.net false', 'old.example.net false'])
  assert.not.ok(seen.has('wrong.example.net true'))
  assert.equal(await results(device), ['7 trial', '7 undone'])
  assert.match(
    (await device.record()).outcomes[1]?.detail ?? '',
    /^no proof within 3 s: refused, wrong\.example\.net has/,
  )
  assert.is(await relayOf(device), 'old.example.net')
  assert.not.match(await device.read('etc/oobm/shell_authorized_keys'), 'bob')
  const asked = await device.asked()
  assert.is(asked.filter(line => line.includes('supervisor')).length, 2)
  assert.is(asked.filter(line => line.includes('console')).length, 1)
  // The number is used up.
  await device.put('b.settings', await device.sign(device.connectivity(7, 'new.example.net')))
  await device.run()
  assert.match((await device.record()).outcomes.at(-1)?.detail ?? '', /serial number 7, and this device has taken/)
})

test('waits while somebody is in, or access is off, and says so', async context => {
  const device = await makeDevice(context)
  await device.put('a.settings', await device.sign(device.connectivity(7, 'new.example.net')))
  const said = new Set<string>()
  let turn = 0
  await device.runWhile(
    async () => {
      const { trial } = await device.record().catch(() => ({ trial: null }))
      // From its beginning, however long a loaded machine takes for that.
      if (trial !== null) turn += 1
      if (trial !== null) said.add(`${trial.phase}: ${trial.cause}`)
      if (turn < 50) assert.is(await relayOf(device), 'old.example.net')
      if (turn < 25) await device.writeStatus({ state: 'in-use', proved: true, sessions: 1 })
      else if (turn < 50) await device.writeStatus({ state: 'maintenance', proved: true })
      else if (turn < 60) await device.writeStatus({ state: 'ready', proved: true })
      // Longer than the time for a proof: it does not count while access is off.
      else if (turn < 110) await device.writeStatus({ state: 'maintenance' })
      else await device.writeStatus({ state: 'ready', proved: true })
    },
    { OOBM_TRIAL_S: '3' },
  )
  assert.equal(
    [...said].filter(text => text.startsWith('waiting')),
    ['waiting: somebody is in: it begins when this ends', 'waiting: access is switched off: it begins when this ends'],
  )
  assert.is(await relayOf(device), 'new.example.net')
  assert.equal(await results(device), ['7 trial', '7 confirmed'])
})

test('what is proved already needs no trial', async context => {
  const device = await makeDevice(context)
  await device.put('a.settings', await device.sign(device.connectivity(7, 'old.example.net')))
  assert.is((await device.run()).code, 0)
  assert.equal(await results(device), ['7 in-force'])
  assert.equal(await device.asked(), [])
})

test('a wrong half does not hold access up', async context => {
  const device = await makeDevice(context)
  const cases: [more: object, reason: RegExp][] = [
    [{ fromTheFuture: 1 }, /connectivity\.from_the_future: is not a setting here/],
    [{ secrets: { relayPassword: 'plain words' } }, /connectivity\.secrets\.relay_password: is not encrypted/],
    [{ authentication: 'password' }, /relay_password: is missing/],
    [{ wifi: [{ ssid: 'x' }] }, /connectivity\.wifi: the network of this system is not made from oobm\.toml/],
    [
      {
        consoles: [
          { name: 'a', path: '/x' },
          { name: 'a', path: '/y' },
        ],
      },
      /"a" is listed twice/,
    ],
  ]
  for (const [index, [more, reason]] of cases.entries()) {
    const serial = 10 + index
    const whole = device.connectivity(serial, 'new.example.net', more)
    await device.put('a.settings', await device.sign({ ...whole, access: { technicians: [] } }))
    assert.is((await device.run()).code, 0)
    const last = (await device.record()).outcomes.at(-1)
    assert.equal([last?.serial, last?.result], [serial, 'partly'], String(reason))
    assert.match(last?.detail ?? '', reason)
    assert.not.match(last?.detail ?? '', 'plain words')
    // Alone, it is refused, and its number is not used up.
    await device.put('b.settings', await device.sign({ ...whole, serial: serial + 20 }))
    await device.run()
    assert.equal((await device.record()).outcomes.at(-1)?.result, 'refused')
    assert.match(await device.read('etc/oobm/settings.toml'), `serial = ${serial}\n`)
  }
  assert.is(await relayOf(device), 'old.example.net')
})

test('people of consoles that are on trial have them once these are proved, and not before', async context => {
  const device = await makeDevice(context)
  const technicians = [{ name: 'alice', keys: [device.keys.alice.publicKey], consoles: ['core-sw1', 'new-sw2'] }]
  const consoles = [
    { name: 'core-sw1', path: '/dev/ttyUSB0' },
    { name: 'new-sw2', path: '/dev/ttyUSB1' },
  ]
  const whole = device.connectivity(7, 'old.example.net', { consoles })
  await device.put('a.settings', await device.sign({ ...whole, access: { technicians } }))
  const seen = new Set<string | undefined>()
  await device.runWhile(async () => {
    seen.add(/^consoles = \[.*core-sw1.*\]$/m.exec(await device.read('etc/oobm/device.toml'))?.[0])
    await device.writeStatus({ state: 'ready', proved: true })
  })
  seen.delete(undefined)
  assert.equal([...seen], ['consoles = [ "core-sw1" ]', 'consoles = [ "core-sw1", "new-sw2" ]'])
  assert.equal(await results(device), ['7 trial', '7 confirmed'])
})

test('a newer document takes the place of one on trial, and access goes on through both', async context => {
  const device = await makeDevice(context)
  const access = { technicians: [{ name: 'alice', keys: [device.keys.alice.publicKey] }] }
  await device.put('a.settings', await device.sign(device.connectivity(7, 'wrong.example.net')))
  let turn = 0
  const { code, stdout } = await device.runWhile(async () => {
    turn += 1
    if (turn === 30) await device.put('b.settings', await device.sign({ ...device.head(8), access }))
    if (turn === 60) await device.put('c.settings', await device.sign(device.connectivity(9, 'new.example.net')))
    const isGood = (await relayOf(device)) !== 'wrong.example.net'
    await device.writeStatus(isGood ? { state: 'ready', proved: true } : { state: 'no-relay' })
  })
  assert.is(code, 0, stdout)
  assert.equal(await results(device), ['7 trial', '8 in-force', '7 undone', '9 trial', '9 confirmed'])
  assert.is(await relayOf(device), 'new.example.net')
  assert.not.match(await device.read('etc/oobm/device.toml'), 'bob')
})

test('an import by hand ends a trial: what was not proved is not there afterwards, and does not run on', async context => {
  const device = await makeDevice(context)
  await device.put('a.settings', await device.sign(device.connectivity(7, 'wrong.example.net')))
  const file = join(device.directory, 'change.toml')
  await writeFile(file, 'listener_port = 20200\n')
  let imported: { code: number | null; stdout: string } | undefined
  await device.runWhile(async () => {
    if (imported === undefined && (await device.running()).includes('wrong.example.net'))
      imported = await runProgram(process.execPath, ['build/lib/oobm.cjs', 'import', file, '--root', device.root])
    await device.writeStatus({ state: 'no-relay' })
  })
  assert.is(imported?.code, 0)
  assert.match(imported?.stdout ?? '', /settings document 7 was on trial and not proved: the one before is back/)
  assert.match(await device.read('etc/oobm/device.toml'), 'listener_port = 20200')
  assert.is(await relayOf(device), 'old.example.net')
  assert.match(await device.running(), 'old.example.net')
  assert.equal(await results(device), ['7 trial', '7 undone'])
  assert.match((await device.record()).outcomes[1]?.detail ?? '', /an import by hand/)
  assert.match(await device.read('etc/oobm/settings.toml'), 'serial = 7\n')
  assert.equal(await leftOvers(device), [])
})

test('a trial that cannot be read, and settings that somebody broke by hand, keep no document out', async context => {
  const device = await makeDevice(context)
  await writeFile(join(device.root, 'etc/oobm/secrets/trial.toml'), 'serial = ')
  await device.put('a.settings', await device.sign({ ...device.head(7), access: { technicians: [] } }))
  assert.is((await device.run()).code, 0)
  assert.equal(await results(device), ['7 in-force'])
  assert.equal(await leftOvers(device), [])
  // While a trial waits.
  await device.put('b.settings', await device.sign(device.connectivity(8, 'new.example.net')))
  let turn = 0
  const { code, stdout } = await device.runWhile(async () => {
    turn += 1
    if (turn === 60) await writeFile(join(device.root, 'etc/oobm/device.toml'), 'broken')
    await device.writeStatus(turn < 90 ? { state: 'in-use', sessions: 1 } : { state: 'ready', proved: true })
  })
  assert.is(code, 0, stdout)
  assert.is(await relayOf(device), 'new.example.net')
  assert.equal((await results(device)).slice(1), ['8 trial', '8 confirmed'])
})

test('secrets arrive encrypted to the device, and a network is made from them where the system does that', async context => {
  const device = await makeDevice(context)
  await mkdir(join(device.root, 'run/oobm-provision'), { recursive: true })
  await writeFile(join(device.root, 'run/oobm-provision/wpa_supplicant-wlan-0.conf'), '')
  const seal = async (text: string, to = device.keys.bridge) =>
    (await runProgram('age', ['-a', '-r', to.publicKey], { input: text })).stdout
  const wifi = async (passphrase: Promise<string>) => ({
    system: { country: 'DE' },
    wifi: [{ ssid: 'Office', passphrase: await passphrase }],
  })
  const bad = device.connectivity(7, 'old.example.net', await wifi(seal('long enough', device.keys.other)))
  await device.put('a.settings', await device.sign(bad))
  await device.run()
  const good = device.connectivity(7, 'old.example.net', {
    ...(await wifi(seal('long enough'))),
    secrets: { relayPassword: await seal('a word') },
  })
  await device.put('b.settings', await device.sign(good))
  const { code, stdout } = await device.runWhile(() => device.writeStatus({ state: 'ready', proved: true }))
  assert.is(code, 0, stdout)
  assert.equal(await results(device), ['7 refused', '7 trial', '7 confirmed'])
  assert.match(
    (await device.record()).outcomes[0]?.detail ?? '',
    /connectivity\.wifi\[1\]\.passphrase: cannot be decrypted/,
  )
  assert.match(await device.read('etc/oobm/secrets/system.toml'), 'passphrase = "long enough"')
  assert.is(await device.read('etc/oobm/secrets/relay/password'), 'a word')
  assert.equal(await device.asked(), [
    'systemctl restart oobm-provision.service',
    'systemctl reload systemd-networkd.service',
    'systemctl restart oobm-wpa@wlan\\x2d0.service',
    'systemctl restart oobm-supervisor.service',
  ])
  assert.not.match(stdout, /long enough|a word/)
})

test.run()
