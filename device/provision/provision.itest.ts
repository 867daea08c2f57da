import { link, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { deviceConfigSchema } from '../../formats/device-config.ts'
import { parseToml } from '../../formats/toml-file.ts'
import { loadConfiguration } from '../../supervisor/load-configuration.ts'
import { scratchDirectory } from '../../testbed/scratch.ts'
import { suite } from '../../testbed/suite.ts'
import { provision } from './provision.ts'
import { makeAuthority } from './testing/authority.ts'
import { type Board, holdsSecrets, makeBoard, SERIAL } from './testing/board.ts'

const test = suite('provision')
const DIRECTORY = '/run/oobm-provision'

/** One boot; what it said is in the result. */
async function boot(board: Pick<Board, 'root' | 'boot'>): Promise<{ fault: string | undefined; said: string[] }> {
  const said: string[] = []
  const { root, boot } = board
  const fault = await provision({ root, boot, directory: DIRECTORY, wallMs: 0, say: line => said.push(line) })
  return { fault, said }
}

async function configOf(board: Board) {
  return parseToml('device.toml', (await board.read('etc/oobm/device.toml')) ?? '', deviceConfigSchema)
}

test('the first file: configuration, keys, network, host name; and nothing secret stays on the card', async context => {
  const board = await makeBoard(context)
  const site = {
    system: { timeZone: 'Asia/Tokyo', country: 'JP', language: 'ja' as const },
    wifi: [{ ssid: 'Büro', passphrase: 'hush hush' }],
  }
  await board.put('oobm.toml', `\ufeff${board.issue({}, site).replaceAll('\n', '\r\n')}`)
  assert.equal(await boot(board), { fault: undefined, said: ['imported oobm.toml for tokyo-rack1'] })
  assert.is((await configOf(board)).device, 'tokyo-rack1')
  assert.is(await board.read('etc/oobm/secrets/relay/key'), board.keys.relay.privateKey)
  assert.is(await board.read('etc/hostname'), 'tokyo-rack1\n')
  assert.is(await board.read('run/oobm-provision/language'), 'ja\n')
  assert.is(await board.read('run/oobm-provision/serial-name'), `oobm-${SERIAL.toLowerCase()}\n`)
  assert.match((await board.read('run/systemd/network/60-oobm-wired.network')) ?? '', 'DHCP=yes')
  assert.match((await board.read('run/oobm-provision/wpa_supplicant-wlan0.conf')) ?? '', 'ssid=42c3bc726f')
  assert.equal(await readdir(board.boot), ['oobm-imported.txt'])
  assert.is(await holdsSecrets(board.boot), false)
  const note = (await board.note('oobm-imported.txt')) ?? ''
  assert.match(note, /^\ufeff\(English: see below\.\)\r\n/)
  assert.match(note, /「tokyo-rack1」[\s\S]*\r\n=+\r\n[\s\S]*set up as "tokyo-rack1"\.\r\n[\s\S]*Wi-Fi: +"Büro"\r\n/)
  assert.equal(await boot(board), { fault: undefined, said: [] })
})

test('a board without settings has its serial number as host name, unless somebody chose another one', async context => {
  const board = await makeBoard(context)
  const cases = [
    ['oobm', `oobm-${SERIAL.toLowerCase()}`],
    ['oobm-1000000000000001', `oobm-${SERIAL.toLowerCase()}`],
    ['oobmaster', 'oobmaster'],
    ['gate', 'gate'],
  ]
  await mkdir(join(board.root, 'etc'), { recursive: true })
  for (const [before, after] of cases) {
    await writeFile(join(board.root, 'etc/hostname'), `${before}\n`)
    await boot(board)
    assert.is(await board.read('etc/hostname'), `${after}\n`)
    assert.is(await board.read('run/oobm-provision/serial-name'), undefined)
  }
  await writeFile(join(board.root, 'etc/hostname'), 'oobm\n')
  await board.put('oobm.toml', board.issue({}))
  await boot(board)
  assert.is(await board.read('etc/hostname'), 'tokyo-rack1\n')
})

test('a relay password does not stay on the FAT partition: its bytes are overwritten before the file goes', async context => {
  const board = await makeBoard(context)
  const text = board
    .issue({})
    .replace(/^relay_key = /m, 'relay_password = "a login of several"\nrelay_key = ')
    .replace(/^version = 1$/m, 'version = 1\nauthentication = "password"')
  await board.put('oobm.toml', text)
  // The same bytes of the file system under a second name.
  const bytes = join(board.boot, '..', 'bytes')
  await link(join(board.boot, 'oobm.toml'), bytes)
  assert.is((await boot(board)).fault, undefined)
  assert.is(await board.read('etc/oobm/secrets/relay/password'), 'a login of several')
  assert.is((await stat(join(board.root, 'etc/oobm/secrets/relay/password'))).mode & 0o777, 0o600)
  const left = await readdir(board.boot)
  for (const name of left) assert.not.match((await board.note(name)) ?? '', 'a login of several')
  assert.equal(left, ['oobm-imported.txt'])
  assert.is(
    (await readFile(bytes)).findIndex(byte => byte !== 0),
    -1,
  )
})

test('whatever has a password or a private key in it is for root alone, whatever was there before', async context => {
  const before = process.umask(0)
  context.cleanup(() => process.umask(before))
  const board = await makeBoard(context)
  const authority = await makeAuthority(await scratchDirectory(context), 'site')
  const mine = await authority.issue('me')
  const eap = {
    ...({ method: 'tls', identity: 'me', ca: authority.certificate } as const),
    ...{ domain: 'radius.example.net', clientCertificate: mine.certificate, clientKey: mine.key },
  }
  const wifi = [
    { ssid: 'Office', passphrase: 'hush hush' },
    { ssid: 'Campus', eap },
  ]
  const site = { system: { country: 'JP' }, wifi, interfaces: [{ name: 'eth0', eap }] }
  await board.put('oobm.toml', board.issue({}, site))
  await mkdir(join(board.root, 'etc/oobm/secrets/relay'), { recursive: true })
  await writeFile(join(board.root, 'etc/oobm/secrets/relay/key'), 'old', { mode: 0o666 })
  assert.equal((await boot(board)).fault, undefined)
  const modes = async (folder: string) => {
    const entries = await readdir(join(board.root, folder), { recursive: true })
    const found = entries.map(async name => {
      const { mode } = await stat(join(board.root, folder, name))
      return `${name} ${(mode & 0o777).toString(8)}`
    })
    return (await Promise.all(found)).sort()
  }
  const run = await modes(DIRECTORY)
  assert.ok(run.length >= 3, run.join(' '))
  assert.equal(
    run.filter(line => !line.endsWith(' 600') && !/^(?:consoles|language|serial-name|port-\S+) 644$/.test(line)),
    [],
  )
  const secrets = await modes('etc/oobm/secrets')
  assert.ok(secrets.includes('relay/key 600'), secrets.join(' '))
  assert.equal(
    secrets.filter(line => !/ (600|700)$/.test(line)),
    [],
  )
  // networkd reads these as its own user, and there is nothing secret in them.
  for (const line of await modes('run/systemd/network')) assert.match(line, / 644$/)
})

test('Wi-Fi with a fixed address: the interface has both', async context => {
  const board = await makeBoard(context)
  const site = {
    system: { country: 'JP' },
    wifi: [{ ssid: 'Office', passphrase: 'hush hush' }],
    interfaces: [{ name: 'wlan0', addresses: ['192.0.2.10/24'], gateways: ['192.0.2.1'] }],
  }
  await board.put('oobm.toml', board.issue({}, site))
  assert.is((await boot(board)).fault, undefined)
  assert.match((await board.read('run/systemd/network/50-oobm-wlan0.network')) ?? '', 'Address=192.0.2.10/24')
  assert.match((await board.read('run/oobm-provision/wpa_supplicant-wlan0.conf')) ?? '', 'ssid=4f6666696365')
})

test('a wrong file changes nothing and is reported on the card and to the supervisor, until a good file comes', async context => {
  const board = await makeBoard(context)
  await board.put('oobm.toml', board.issue())
  await boot(board)
  const before = await configOf(board)
  await board.put('oobm.toml', 'version = 1\r\nlistener_port = "twenty"\r\n')
  const { fault = '' } = await boot(board)
  assert.match(fault, 'oobm.toml on the boot partition: line 2, listener_port: must be a whole number; oobm-error.txt')
  assert.equal(await configOf(board), before)
  const note = (await board.note('oobm-error.txt')) ?? ''
  assert.match(note, '- line 2, listener_port: must be a whole number\r\n')
  assert.match(note, 'it goes on as "tokyo-rack1"')
  assert.is(await board.read(`${DIRECTORY}/fault`), `${fault}\n`)
  const credentials = await scratchDirectory(context)
  await writeFile(join(credentials, 'relay_key'), board.keys.relay.privateKey)
  const loaded = await loadConfiguration({
    file: join(board.root, 'etc/oobm/device.toml'),
    credentials,
    state: board.root,
    provisioningFault: join(board.root, DIRECTORY, 'fault'),
  })
  assert.match(loaded.fault ?? '', /line 2, listener_port.*; running with the previous configuration$/)
  assert.is(loaded.usable?.config.device, 'tokyo-rack1')
  await board.put('oobm.toml', 'version = 1\r\n[system]\r\nhostname = "later"\r\n')
  assert.is((await boot(board)).fault, undefined)
  assert.is(await board.read(`${DIRECTORY}/fault`), undefined)
  assert.equal(await readdir(board.boot), ['oobm-imported.txt'])
  assert.is(await board.read('etc/hostname'), 'later\n')
  assert.equal(await configOf(board), before)
})

test('of several files a board takes its own, and the others leave its card too', async context => {
  const board = await makeBoard(context)
  await board.put('oobm-FFFF.toml', board.issue({ device: 'other' }))
  const none = await boot(board)
  assert.match(none.fault ?? '', 'there is no file for this board, only for others: oobm-FFFF.toml')
  assert.match((await board.note('oobm-error.txt')) ?? '', SERIAL)
  await board.put('OOBM-A1B2C3D4.TOML.txt', board.issue({ device: 'mine' }))
  assert.is((await boot(board)).fault, undefined)
  assert.is((await configOf(board)).device, 'mine')
  assert.equal(await readdir(board.boot), ['oobm-imported.txt'])
})

test('without any file, the card says what to do, and there is a host key and the network', async context => {
  const board = await makeBoard(context)
  assert.match((await boot(board)).fault ?? '', 'there is no oobm.toml on this card')
  assert.match((await board.note('oobm-error.txt')) ?? '', 'Ask the operator for the file of this device')
  assert.match((await board.read('etc/oobm/secrets/shell/host_key')) ?? '', 'OPENSSH PRIVATE KEY')
  assert.ok(await board.read('run/systemd/network/60-oobm-wired.network'))
  await board.put('oobm (1).toml', board.issue())
  assert.match((await boot(board)).fault ?? '', 'there is no oobm.toml, but "oobm (1).toml": rename it to oobm.toml')
})

test('what is damaged on the data partition does not keep the network down', async context => {
  const board = await makeBoard(context)
  await board.put('oobm.toml', board.issue())
  await boot(board)
  await writeFile(join(board.root, 'etc/oobm/secrets/system.toml'), 'system = 1\n\u0000')
  await rm(join(board.root, 'run'), { recursive: true })
  const { said } = await boot(board)
  assert.match(said.join('\n'), 'the settings of the site cannot be read: /etc/oobm/secrets/system.toml')
  assert.match((await board.read('run/systemd/network/60-oobm-wired.network')) ?? '', 'DHCP=yes')
  assert.is(await board.read('etc/hostname'), 'tokyo-rack1\n')
})

test('a card without a boot partition costs nothing but the note', async context => {
  const board = await makeBoard(context)
  await mkdir(join(board.root, 'etc'), { recursive: true })
  assert.match((await boot({ ...board, boot: join(board.boot, 'none') })).fault ?? '', 'no oobm.toml')
})

test.run()
