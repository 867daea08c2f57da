/** Whatever a document gets wrong of the way out, it comes back; whoever it removes stays removed. And what ends a trial that waits, or a wrong half. */
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { readTrial } from '../device/import/stored.ts'
import { readToml } from '../formats/toml-file.ts'
import { writeAtomically } from '../runtime/write-atomically.ts'
import { runProgram, startProgram } from '../testbed/run-program.ts'
import { suite } from '../testbed/suite.ts'
import { waitFor } from '../testbed/wait-for.ts'
import { makeDevice, type TestDevice } from './testing/device.ts'

const test = suite('oobm-apply: what is undone')

const results = async (device: TestDevice) =>
  (await device.record()).outcomes.map(({ serial, result }) => `${serial} ${result}`)
const onlyAlice = ({ keys }: TestDevice) => ({
  technicians: [{ name: 'alice', keys: [keys.alice.publicKey], shell: true }],
})
/** What leads out: all but the people. */
async function waysOut(device: TestDevice): Promise<object> {
  const [config = '', site = ''] = await Promise.all(
    ['device.toml', 'secrets/system.toml'].map(path => device.read(`etc/oobm/${path}`)),
  )
  const { technicians: _, ...rest } = readToml('device.toml', config)
  return { ...rest, ...readToml('system.toml', site) }
}

test(
  'a wrong relay, port, host key, login, password and Wi-Fi are undone, and the person who is removed beside them stays removed',
  async context => {
    const wrong: [name: string, more: (device: TestDevice) => Promise<object>][] = [
      ['a relay', async () => ({ relays: [] as never })],
      ['a port of this device', async () => ({ listenerPort: 20200 })],
      ['a host key', async ({ keys }) => ({ relays: [relay('old.example.net', keys.other.publicKey)] })],
      ['a login', async ({ keys }) => ({ relays: [{ ...relay('old.example.net', keys.relay.publicKey), user: 'x' }] })],
      [
        'a password',
        async device => ({ authentication: 'password', secrets: { relayPassword: await sealed(device) } }),
      ],
      [
        'a Wi-Fi',
        async device => ({ system: { country: 'DE' }, wifi: [{ ssid: 'Nowhere', passphrase: await sealed(device) }] }),
      ],
      ['an address', async () => ({ interfaces: [{ name: 'eth0', addresses: ['192.0.2.7/24'] }] })],
    ]
    for (const [name, more] of wrong) {
      const device = await makeDevice(context)
      await mkdir(join(device.root, 'run/oobm-provision'), { recursive: true })
      const changed = await more(device)
      const host = name === 'a relay' ? 'wrong.example.net' : 'old.example.net'
      const { relays, ...rest } = changed as { relays?: object[] }
      const document = device.connectivity(7, host, { ...rest, ...(relays && relays.length > 0 && { relays }) })
      const before = await waysOut(device)
      await device.put('a.settings', await device.sign({ ...document, access: onlyAlice(device) }))
      const seen = new Set<string>()
      const { code, stdout } = await device.runWhile(
        async () => {
          seen.add(JSON.stringify(await waysOut(device)))
          await device.writeStatus({ state: 'no-relay' })
        },
        { OOBM_TRIAL_S: '1' },
      )
      assert.is(code, 0, stdout)
      assert.ok(seen.size > 1, `${name}: it was never installed`)
      assert.equal(await results(device), ['7 trial', '7 undone'], name)
      assert.equal(await waysOut(device), before, name)
      assert.not.match(await device.read('etc/oobm/device.toml'), 'bob', name)
      assert.not.match(await device.read('etc/oobm/shell_authorized_keys'), 'bob', name)
    }
  },
  { timeoutMs: 240_000 },
)

test('the reason says which network refused the login, where nothing led out', async context => {
  const device = await makeDevice(context)
  const provision = join(device.root, 'run/oobm-provision')
  await mkdir(provision, { recursive: true })
  // No interface of this machine: oobm-apply sees none.
  await writeFile(join(provision, 'wpa_supplicant-wlan7.conf'), '')
  const said = `Trying to associate with SSID (SSID='Office' freq=2412 MHz)
wlan7: CTRL-EVENT-SSID-TEMP-DISABLED id=0 ssid="Office" auth_failures=1 duration=10 reason=WRONG_KEY`
  const journalctl = join(device.env.PATH?.split(':')[0] ?? '', 'journalctl')
  await writeFile(journalctl, `#!/bin/sh\ncat <<'END'\n${said}\nEND\n`)
  await chmod(journalctl, 0o755)
  const undone = async (serial: number, state: string) => {
    const changed = device.connectivity(serial, 'new.example.net', { listenerPort: 20100 + 2 * serial })
    await device.put('a.settings', await device.sign(changed))
    await device.runWhile(() => device.writeStatus({ state }), {
      OOBM_TRIAL_S: '1',
      OOBM_PROVISION_DIRECTORY: provision,
    })
    return (await device.record()).outcomes.at(-1)?.detail
  }
  assert.is(await undone(7, 'no-link'), 'no proof within 1 s: no-link, x; Wi-Fi wlan7: "Office" refuses the passphrase')
  assert.is(await undone(8, 'no-relay'), 'no proof within 1 s: no-relay, x', 'the network is not what fails')
})

test('what the supervisor asked for a wrong Wi-Fi is not done to the one that is back', async context => {
  const device = await makeDevice(context)
  const systemctl = join(device.env.PATH?.split(':')[0] ?? '', 'systemctl')
  const script = await readFile(systemctl, 'utf8')
  const request = join(device.spool, 'supervisor.request')
  // A busy board takes long to restart its programs; it is asked meanwhile.
  const asks = `case $* in *supervisor*) echo reassociate wlan0 >'${request}' ;; esac\n`
  await writeFile(systemctl, `${script}${asks}`)
  await device.put('a.settings', await device.sign(device.connectivity(7, 'new.example.net')))
  await device.runWhile(() => device.writeStatus({ state: 'no-link' }), { OOBM_TRIAL_S: '1' })
  assert.equal(await results(device), ['7 trial', '7 undone'])
  const asked = (await device.asked()).join('\n')
  assert.match(asked, /restart oobm-supervisor/)
  assert.not.match(asked, /oobm-wifi-radio/)
})

test('the way back to the old network is tried again when a busy board fails once, and not for ever', async context => {
  const failing = async (times: number) => {
    const device = await makeDevice(context)
    await mkdir(join(device.root, 'run/oobm-provision'), { recursive: true })
    const systemctl = join(device.env.PATH?.split(':')[0] ?? '', 'systemctl')
    const script = await readFile(systemctl, 'utf8')
    // Each restart writes a byte. The first one is of the settings that are tried.
    const counted = join(device.directory, 'restarts')
    const fails = `case $* in *oobm-provision*) printf x >>'${counted}'; n=$(wc -c <'${counted}'); [ "$n" -le 1 ] || [ "$n" -gt ${times + 1} ] || exit 1 ;; esac\n`
    await writeFile(systemctl, `${script}${fails}`)
    const wifi = [{ ssid: 'Nowhere', passphrase: await sealed(device) }]
    const changed = device.connectivity(7, 'old.example.net', { system: { country: 'DE' }, wifi })
    await device.put('a.settings', await device.sign(changed))
    const { stdout } = await device.runWhile(() => device.writeStatus({ state: 'no-link' }), { OOBM_TRIAL_S: '1' })
    assert.equal(await results(device), ['7 trial', '7 undone'], stdout)
    const asked = await device.asked()
    return asked
      .filter(line => /oobm-provision|networkd/.test(line))
      .map(line => line.replace(/.*oobm-|\.service/g, ''))
  }
  const taken = ['provision', 'systemctl reload systemd-networkd']
  assert.equal(await failing(1), [...taken, 'provision', ...taken])
  assert.equal(await failing(9), [...taken, 'provision', 'provision', 'provision'])
})

test('a document brings no command for a console: that is root’s own, and stays', async context => {
  const device = await makeDevice(context)
  const path = join(device.root, 'etc/oobm/device.toml')
  const withConsole = (line: string) => ({ consoles: [{ name: 'bmc1', path: line }] })
  const text = await readFile(path, 'utf8')
  await writeFile(path, text.replace('"core-sw1"', '"bmc1"').replace('"/dev/ttyUSB0"', '"exec:ipmitool sol activate"'))
  for (const [serial, command] of [
    [7, 'exec:sh'],
    [8, 'exec:ipmitool sol activate; reboot'],
  ] as const) {
    const document = device.connectivity(serial, 'old.example.net', withConsole(command))
    await device.put('a.settings', await device.sign({ ...document, access: onlyAlice(device) }))
    assert.is((await device.run()).code, 0)
    assert.is((await results(device)).at(-1), `${serial} partly`)
    const { detail } = (await device.record()).outcomes.at(-1) ?? { detail: '' }
    assert.match(detail, /connectivity\.consoles\[1\]\.path: is a command, which only root may write/)
    assert.match(await device.read('etc/oobm/device.toml'), 'path = "exec:ipmitool sol activate"\n')
  }
  const document = device.connectivity(9, 'new.example.net', withConsole('exec:'))
  await device.put('a.settings', await device.sign(document))
  await device.runWhile(() => device.writeStatus({ state: 'ready', proved: true }))
  assert.is((await results(device)).at(-1), '9 confirmed')
  assert.match(await device.read('etc/oobm/device.toml'), 'path = "exec:ipmitool sol activate"\n')
})

test('a trial waits for a day of all starts together', async context => {
  const device = await makeDevice(context)
  const waited = async () => (await readTrial(device.root))?.waitedMs
  await device.put('a.settings', await device.sign(device.connectivity(7, 'new.example.net')))
  const startAndStop = async () => {
    const program = startProgram(process.execPath, ['build/lib/oobm-apply.cjs'], {
      env: { ...process.env, ...device.env },
    })
    context.cleanup(() => program.stop())
    await waitFor('it to wait', async () => {
      await device.writeStatus({ state: 'in-use', sessions: 1 })
      return (await device.record().catch(() => undefined))?.trial?.phase === 'waiting'
    })
    await program.stop()
  }
  await startAndStop()
  assert.is(await waited(), 0)
  const path = join(device.root, 'etc/oobm/secrets/trial.toml')
  // What was waited before a power cut, and was not written down yet, counts as ten minutes.
  await device.runWhile(async () => {
    await device.writeStatus({ state: 'in-use', sessions: 1 })
    const now = await waited().catch(() => 0)
    if (now === 600_000)
      // The program reads it all the time.
      await writeAtomically(
        path,
        (await readFile(path, 'utf8')).replace('waited_ms = 600000', 'waited_ms = 86400000'),
        0o600,
      )
  })
  assert.equal(await results(device), ['7 trial', '7 undone'])
  assert.match((await device.record()).outcomes[1]?.detail ?? '', /^it could not begin for 1 day: somebody is in$/)
})

const relay = (host: string, key: string) => ({ host, user: 'oobm', hostKeys: [key] })

/** A word, encrypted to the device. */
async function sealed({ keys }: TestDevice): Promise<string> {
  return (await runProgram('age', ['-a', '-r', keys.bridge.publicKey], { input: 'wrong but long enough' })).stdout
}

test.run()
