import { readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { parseProvisioning } from '../../../formats/provisioning.ts'
import { suite } from '../../../testbed/suite.ts'
import { operator } from '../../testing/operator.ts'

const test = suite('oobm-relay')

test('makes missing keys, closed to others and out of git, and never another in their place', async context => {
  const { folder, oobmRelay } = await operator(context)
  const first = await oobmRelay('keys', 'tokyo')
  assert.is(first.code, 0, first.stderr)
  const secrets = join(folder, 'secrets/tokyo')
  const names = ['bridge_host_key', 'relay_key', 'shell_host_key']
  assert.equal(
    (await readdir(secrets)).sort(),
    names.flatMap(name => [name, `${name}.pub`]),
  )
  assert.is((await stat(join(folder, 'secrets'))).mode & 0o777, 0o700)
  assert.is(await readFile(join(folder, 'secrets/.gitignore'), 'utf8'), '*\n')
  for (const name of names) assert.is((await stat(join(secrets, name))).mode & 0o777, 0o600)

  const before = await Promise.all(names.map(name => readFile(join(secrets, name), 'utf8')))
  const publicHalf = await readFile(join(secrets, 'relay_key.pub'), 'utf8')
  await rm(join(secrets, 'relay_key.pub'))
  const [one, two] = await Promise.all([oobmRelay('keys', '--all'), oobmRelay('keys', 'tokyo')])
  assert.match(`${one.stdout}${two.stdout}`, /^(tokyo: all keys exist already\n){2}$/)
  assert.equal(await Promise.all(names.map(name => readFile(join(secrets, name), 'utf8'))), before)
  assert.is((await readFile(join(secrets, 'relay_key.pub'), 'utf8')).split(' ')[1], publicHalf.split(' ')[1])
})

test('renders, says what it wrote, and removes only its own files that are no longer needed', async context => {
  const { folder, oobmRelay, writeFleet } = await operator(context)
  const early = await oobmRelay('render')
  assert.is(early.code, 78)
  assert.match(early.stderr, /relay_key\.pub is missing: make it with "oobm-relay keys tokyo"/)
  await oobmRelay('keys', '--all')
  const first = await oobmRelay('render')
  assert.is(first.code, 0, first.stderr)
  assert.is(first.stdout.split('\n').filter(line => line.startsWith('written ')).length, 12)
  const rendered = join(folder, 'rendered')
  await writeFile(join(rendered, 'technicians/alice/notes'), 'hers')
  await writeFile(join(rendered, 'relay/lab/sshd_config'), 'edited')
  assert.match((await oobmRelay('render')).stdout, /^written .*sshd_config\n12 files in .* are up to date\n$/)

  const text = await readFile(join(folder, 'fleet.toml'), 'utf8')
  await writeFile(join(folder, 'fleet.toml'), text.replace('"alice"', '"zoe"'))
  const { stdout } = await oobmRelay('render', '--identity', '~/.ssh/id', '--known-hosts', '/srv/k')
  assert.equal(
    stdout.match(/^removed .*$/gm)?.map(line => line.replace(/.*\/technicians/, '')),
    ['config', 'known_hosts', 'putty.reg', 'putty-linux.sh', 'teraterm.ttl', 'sheet.html'].map(
      name => `/alice/${name}`,
    ),
  )
  assert.equal(await readdir(join(rendered, 'technicians/alice')), ['notes'])
  assert.match(
    await readFile(join(rendered, 'technicians/zoe/config'), 'utf8'),
    /IdentityFile "~\/\.ssh\/id"[\s\S]*UserKnownHostsFile "\/srv\/k"/,
  )
  await oobmRelay('render', '--putty-key', 'C:\\keys\\zoe.ppk', '--language', 'ja')
  assert.match(
    await readFile(join(rendered, 'technicians/zoe/putty.reg'), 'utf8'),
    /"PublicKeyFile"="C:\\\\keys\\\\zoe\.ppk"/,
  )
  assert.match(await readFile(join(rendered, 'technicians/zoe/sheet.html'), 'utf8'), /技術者シート/)
  for (const [option, value, problem] of [
    ['--putty-key', 'C:\\ü.ppk', /^--putty-key: PuTTY's files hold ASCII alone/],
    ['--language', 'fr', /--language.*en.*ja/],
  ] as const) {
    const { code, stderr } = await oobmRelay('render', option, value)
    assert.is(code, 64)
    assert.match(stderr, problem)
  }
  await writeFleet(443, 'oobm')
})

test('issues one file that a device can read, with its secrets in it', async context => {
  const { folder, port, oobmRelay, alice } = await operator(context)
  assert.is((await oobmRelay('issue', 'tokyo')).code, 78)
  await oobmRelay('keys', 'tokyo')
  const { code, stdout } = await oobmRelay('issue', 'tokyo')
  assert.is(code, 0)
  const path = join(folder, 'secrets/tokyo/oobm.toml')
  assert.match(stdout, `wrote ${path}`)
  assert.is((await stat(path)).mode & 0o777, 0o600)
  const { config, secrets } = parseProvisioning(path, await readFile(path, 'utf8'))
  assert.is(config.listenerPort, port)
  assert.equal(config.technicians, [
    {
      name: 'alice',
      keys: [alice.publicKey],
      role: 'operator',
      consoles: ['sw1'],
      viaRelay: [],
      hopKeys: [],
      shell: false,
      power: [],
      admin: false,
    },
  ])
  assert.is(secrets.relayKey, await readFile(join(folder, 'secrets/tokyo/relay_key'), 'utf8'))
  const sheet = join(folder, 'secrets/tokyo/field-sheet-tokyo.html')
  assert.match(stdout, `wrote ${sheet}: one page to print`)
  assert.match(await readFile(sheet, 'utf8'), '<html lang="en">')
  assert.not.match(await readFile(sheet, 'utf8'), String(secrets.relayKey).split('\n')[1] ?? 'no key')
  assert.is((await oobmRelay('issue', 'tokyo', '--language', 'ja')).code, 0)
  assert.match(await readFile(sheet, 'utf8'), '<html lang="ja">')
  const wrong = await oobmRelay('issue', 'tokyo', '--language', 'jp')
  assert.equal([wrong.code, /en.*ja/.test(wrong.stderr)], [64, true], wrong.stderr)
  const elsewhere = await oobmRelay('issue', 'tokyo', '--out', join(folder, 'no/such/oobm.toml'))
  assert.is(elsewhere.code, 1)
  assert.match(elsewhere.stderr, /^cannot write .* \(ENOENT\): is there a folder .*\/no\/such\?\n$/)
})

test('makes a lost public half again, reports a lost private half, and refuses two halves of different keys', async context => {
  const { folder, oobmRelay } = await operator(context)
  await oobmRelay('keys', 'tokyo')
  const key = join(folder, 'secrets/tokyo/bridge_host_key')
  const publicHalf = await readFile(`${key}.pub`, 'utf8')
  await rm(`${key}.pub`)
  for (const args of [['issue', 'tokyo'], ['render']]) assert.is((await oobmRelay(...args)).code, 0, args[0])
  assert.match(
    await readFile(join(folder, 'rendered/technicians/alice/known_hosts'), 'utf8'),
    publicHalf.split(' ')[1] ?? '',
  )
  await writeFile(`${key}.pub`, await readFile(join(folder, 'secrets/tokyo/relay_key.pub'), 'utf8'))
  const crossed = await oobmRelay('issue', 'tokyo')
  assert.is(crossed.code, 78)
  assert.match(crossed.stderr, /bridge_host_key\.pub is not the public half of .*bridge_host_key: restore the right/)
  await rm(key)
  const lost = await oobmRelay('keys', 'tokyo')
  assert.is(lost.code, 78)
  assert.match(lost.stderr, /bridge_host_key is lost, and its public half is still in use: restore it from your backup/)
  assert.equal((await readdir(join(folder, 'secrets/tokyo'))).includes('bridge_host_key'), false, 'no other is made')
})

test('issues a file with the settings of its site, as they were written', async context => {
  const { folder, oobmRelay } = await operator(context)
  await oobmRelay('keys', 'tokyo')
  const path = join(folder, 'tokyo-office.toml')
  await writeFile(path, 'system.country = "JP"\n[[wifi]]\nssid = "Büro"\npassphrase = "long enough"\n')
  assert.is((await oobmRelay('issue', 'tokyo', '--with', path)).code, 0)
  const issued = await readFile(join(folder, 'secrets/tokyo/oobm.toml'), 'utf8')
  const { site } = parseProvisioning('oobm.toml', issued)
  assert.equal([site.system.country, site.wifi[0]?.ssid], ['JP', 'Büro'])
  // A default in the file would replace what somebody set on the device.
  assert.not.match(issued, 'time_zone')
  await writeFile(path, '[[wifi]]\nssid = "Büro"\npassphrase = "short"\n')
  const wrong = await oobmRelay('issue', 'tokyo', '--with', path)
  assert.is(wrong.code, 78)
  assert.match(wrong.stderr, `${path}:3: wifi[1].passphrase: must be 8 to 63 plain characters`)
  assert.match((await oobmRelay('issue', 'tokyo', '--with', '/no/such')).stderr, 'cannot read /no/such (ENOENT)')
})

test('issues a file for a device behind a proxy that asks for a login', async context => {
  const { folder, oobmRelay } = await operator(context)
  await oobmRelay('keys', 'tokyo')
  const fleet = join(folder, 'fleet.toml')
  const proxy = 'proxy = { host = "proxy.example.net", user = "rack1" }\n'
  await writeFile(fleet, (await readFile(fleet, 'utf8')).replace('name = "tokyo"\n', `$&${proxy}`))
  const without = await oobmRelay('issue', 'tokyo')
  assert.is(without.code, 78)
  assert.match(without.stderr, 'secrets.proxy_password: is missing: the login at the proxy (proxy.user) needs it')
  const path = join(folder, 'tokyo-office.toml')
  await writeFile(path, '[secrets]\nproxy_password = "p\\"ss word"\n')
  const { code, stderr } = await oobmRelay('issue', 'tokyo', '--with', path)
  assert.is(code, 0, stderr)
  const { secrets } = parseProvisioning('oobm.toml', await readFile(join(folder, 'secrets/tokyo/oobm.toml'), 'utf8'))
  assert.is(secrets.proxyPassword, 'p"ss word')
  assert.match(secrets.relayKey ?? '', 'PRIVATE KEY')
})

test('tells a wrong command line from a wrong file', async context => {
  const { folder, oobmRelay } = await operator(context)
  const cases: [string[], number, RegExp][] = [
    [['--help'], 0, /^usage: oobm-relay COMMAND/],
    [[], 0, /^usage: oobm-relay COMMAND/],
    [['--version'], 0, /^\d+\.\d+\.\d+\n$/],
    [['render', '--help'], 0, /^usage: oobm-relay render/],
    [['frobnicate'], 64, /^oobm-relay: unknown command "frobnicate"; see/],
    [['constructor'], 64, /unknown command "constructor"/],
    [['keys'], 64, /give either DEVICE or --all/],
    [['keys', 'osaka'], 64, /"osaka" is not a device of .*there are: tokyo/],
    [['issue', 'tokyo', '--all'], 64, /unknown option "--all"/],
    [['check', 'paris'], 64, /"paris" is not a relay/],
    [['check', '--fleet', join(folder, 'none.toml')], 78, /cannot read .*none\.toml \(ENOENT\)/],
  ]
  for (const [args, expected, pattern] of cases) {
    const { code, stdout, stderr } = await oobmRelay(...args)
    assert.is(code, expected, args.join(' '))
    assert.match(stdout + stderr, pattern)
  }
  await writeFile(join(folder, 'fleet.toml'), 'version = 2\nrelays = []\n')
  const wrong = await oobmRelay('check')
  assert.is(wrong.code, 78)
  assert.match(wrong.stderr, /fleet\.toml:1: version: [\s\S]*fleet\.toml:2: relays: needs at least one relay/)
})

test.run()
