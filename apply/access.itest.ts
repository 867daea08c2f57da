/** `oobm-apply` and documents that nobody should have sent, or that change who gets in: the program itself, with real signatures. */
import { execFile } from 'node:child_process'
import { chmod, chown, link, mkdir, readdir, readFile, stat, symlink, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import * as assert from 'uvu/assert'
import { whileLocked } from '../device/import/lock.ts'
import { fingerprint } from '../formats/ssh-key.ts'
import { stringifyToml } from '../formats/toml-file.ts'
import { runProgram } from '../testbed/run-program.ts'
import { suite } from '../testbed/suite.ts'
import { waitFor } from '../testbed/wait-for.ts'
import { makeDevice, type TestDevice } from './testing/device.ts'

const test = suite('oobm-apply: access')

const onlyAlice = (device: TestDevice, serial: number) => ({
  ...device.head(serial),
  access: { technicians: [{ name: 'alice', keys: [device.keys.alice.publicKey], shell: true }] },
})

type Attack = [name: string, put: (path: string) => Promise<unknown>, reason: RegExp]

/** All that is kept of the device's settings. */
async function settingsOf(device: TestDevice): Promise<string> {
  const paths = [
    'device.toml',
    'settings.toml',
    'shell_authorized_keys',
    'admin_authorized_keys',
    'secrets/system.toml',
  ]
  return (await Promise.all(paths.map(path => device.read(`etc/oobm/${path}`)))).join('\n')
}

test('removes a person at once, and restarts the bridge, which still knows them', async context => {
  const device = await makeDevice(context)
  await device.put('a.settings', await device.sign(onlyAlice(device, 7)))
  const { code, stdout, stderr } = await device.run()
  assert.is(code, 0, stdout + stderr)
  assert.is(await device.read('etc/oobm/shell_authorized_keys'), `${device.keys.alice.publicKey} alice\n`)
  assert.not.match(await device.read('etc/oobm/device.toml'), 'bob')
  assert.match(await device.read('etc/oobm/settings.toml'), /^serial = 7$/m)
  assert.match(await device.read('etc/oobm/device.toml'), 'old.example.net')
  assert.equal(await device.asked(), ['systemctl restart oobm-console.service'])
  const { outcomes, refused, serial } = await device.record()
  assert.equal([outcomes.map(({ result }) => result), refused, serial], [['in-force'], 0, 7])
  assert.equal(await readdir(device.spool), [])
})

test('refuses, reports and counts what nobody should have sent', async context => {
  const device = await makeDevice(context)
  const { signer, other } = device.keys
  const good = await device.sign(onlyAlice(device, 6))
  await device.put('a.settings', good)
  assert.is((await device.run()).code, 0)
  const before = await settingsOf(device)
  const wanted = onlyAlice(device, 9)
  const next = await device.sign(wanted)
  const outside = join(device.directory, 'outside')
  await writeFile(outside, next)
  const ALL = 104_857_600
  const devices: Attack[] = [['a device', path => promisify(execFile)('mknod', [path, 'c', '1', '5']), /is a device/]]
  const attacks: Attack[] = [
    ['unsigned', async path => writeFile(path, next.slice(0, next.indexOf('-----BEGIN'))), /is not signed/],
    ['empty', path => writeFile(path, ''), /is not signed/],
    ['another key', async path => writeFile(path, await device.sign(wanted, other)), /no good signature of a signer/],
    [
      'another namespace',
      async path => writeFile(path, await device.sign(wanted, signer, 'file')),
      /no good signature/,
    ],
    [
      'the signature of another text',
      path => writeFile(path, next.replace('serial = 9', 'serial = 8')),
      /no good signature/,
    ],
    [
      'a text changed by one space',
      path => writeFile(path, next.replace('serial = 9', 'serial = 9 ')),
      /no good signature/,
    ],
    ['replayed', path => writeFile(path, good), /serial number 6, and this device has taken number 6/],
    [
      'older',
      async path => writeFile(path, await device.sign(onlyAlice(device, 5))),
      /serial number 5, and this device/,
    ],
    [
      'of another device',
      async path => writeFile(path, await device.sign({ ...wanted, device: 'rack2' })),
      /is for rack2, and this device is rack1/,
    ],
    [
      'of another device of the same name',
      async path => writeFile(path, await device.sign({ ...wanted, fingerprint: fingerprint(other.publicKey) })),
      /is for the device with the key SHA256:/,
    ],
    ['cut short', path => writeFile(path, next.slice(0, -20)), /damaged signature/],
    ['cut short in the text', path => writeFile(path, next.slice(0, 100)), /is not signed/],
    ['signed twice', path => writeFile(path, next + next.slice(next.indexOf('-----BEGIN'))), /more than one signature/],
    [
      'signed with line ends of Windows',
      async path => writeFile(path, next.replaceAll('\n', '\r\n')),
      /damaged signature/,
    ],
    ['a byte order mark before it', path => writeFile(path, `\ufeff${next}`), /no good signature/],
    [
      'text after the signature',
      path => writeFile(path, `${next}serial = 99\n`),
      /damaged signature, or something after it/,
    ],
    ['a zero byte after it', path => writeFile(path, `${next}\0`), /damaged signature, or something after it/],
    ['a zero byte in it', async path => writeFile(path, await signText(device, 'serial = 9\0')), /is not valid TOML/],
    [
      'a number that JSON cannot say',
      async path => writeFile(path, await signText(device, 'version = 1\nserial = 9007199254740992')),
      /serial|is not valid TOML/,
    ],
    [
      'a half twice',
      async path => writeFile(path, await signText(device, `${stringifyToml(wanted)}\n[access]\ntechnicians = []`)),
      /is not valid TOML/,
    ],
    ['not TOML', async path => writeFile(path, await signText(device, '[[[')), /is not valid TOML/],
    ['100 MB', path => writeFile(path, '').then(() => truncate(path, ALL)), /has 104857600 bytes; .* at most 262144/],
    ['a symbolic link', path => symlink(outside, path), /is a symbolic link/],
    ['a link to a device', path => symlink('/dev/zero', path), /is a symbolic link/],
    ['a link to nothing', path => symlink('/none', path), /is a symbolic link/],
    ['a pipe', path => promisify(execFile)('mkfifo', [path]), /is a pipe/],
    ['a directory', path => mkdir(path), /is a directory/],
    ['a directory with something in it', path => mkdir(join(path, 'x'), { recursive: true }), /is a directory/],
    // mknod(2) is root's alone.
    ...(process.getuid?.() === 0 ? devices : []),
    [
      'a private key in it',
      async path => writeFile(path, await signText(device, `# ${other.privateKey}`)),
      /private key/,
    ],
    [
      'nobody who may sign',
      async path => writeFile(path, await device.sign({ ...wanted, access: { ...wanted.access, signers: [] } })),
      /access\.signers: needs at least one key/,
    ],
    [
      'a console that the device does not have',
      async path => {
        const [alice] = wanted.access.technicians
        const technicians = [{ ...alice, consoles: ['core-sw9'] }]
        await writeFile(path, await device.sign({ ...device.head(9), access: { technicians } }))
      },
      /"core-sw9" is not a console of this device/,
    ],
  ]
  for (const [index, [name, put, reason]] of attacks.entries()) {
    await put(join(device.spool, 'x.settings'))
    const { code, stdout, stderr } = await device.run()
    assert.is(code, 0, `${name}: ${stdout}${stderr}`)
    const { outcomes, refused } = await device.record()
    const last = outcomes.at(-1)
    assert.is(last?.result, 'refused', name)
    assert.match(last?.detail ?? '', reason, name)
    assert.is(refused, index + 1, name)
    assert.is(await settingsOf(device), before, name)
    assert.equal(
      (await readdir(device.spool)).filter(name => !name.startsWith('.refused-')),
      [],
      name,
    )
  }
  // What was refused took no number: the good one is taken.
  await device.put('x.settings', next)
  assert.is((await device.run()).code, 0)
  assert.is((await device.record()).outcomes.at(-1)?.result, 'in-force')
})

test('a name that is not UTF-8 and a folder that cannot be removed are met once', async context => {
  const device = await makeDevice(context)
  await writeFile(Buffer.concat([Buffer.from(`${device.spool}/a`), Buffer.from([0xff]), Buffer.from('.settings')]), 'x')
  await mkdir(join(device.spool, 'x.settings/full'), { recursive: true })
  await device.put('y.settings', await device.sign(onlyAlice(device, 7)))
  assert.is((await device.run()).code, 0)
  assert.is((await device.run()).code, 0)
  const { refused, outcomes } = await device.record()
  assert.equal([refused, outcomes.at(-1)?.result], [2, 'in-force'])
  const left = await readdir(device.spool)
  assert.equal(
    left.map(name => name.slice(0, 9)),
    ['.refused-'],
  )
})

test('leaves a document where it is while another program changes the settings, and takes it afterwards', async context => {
  const device = await makeDevice(context)
  await device.put('x.settings', await device.sign(onlyAlice(device, 7)))
  const before = await settingsOf(device)
  const { ino } = await stat(join(device.root, 'etc/oobm/secrets'))
  const { running } = await whileLocked(device.root, async () => {
    const running = device.run()
    // proc_locks(5): a lock that somebody waits for.
    const waiter = new RegExp(`-> FLOCK .*:${ino} `)
    await waitFor('oobm-apply at the lock', async () => waiter.test(await readFile('/proc/locks', 'utf8')))
    assert.is(await settingsOf(device), before)
    assert.equal(await readdir(device.spool), ['x.settings'])
    return { running }
  })
  assert.is((await running).code, 0)
  assert.is((await device.record()).outcomes.at(-1)?.result, 'in-force')
})

test('a flood of others holds up neither root’s document nor the end of a trial, and wears no card', async context => {
  const device = await makeDevice(context)
  await device.put('0.settings', await device.sign(device.connectivity(6, 'wrong.example.net')))
  let hasFlooded = false
  const { code, stdout } = await device.runWhile(
    async () => {
      await device.writeStatus({ state: 'no-relay' })
      if (hasFlooded || !(await device.running()).includes('wrong')) return
      hasFlooded = true
      for (let at = 0; at < 100; at++) {
        const path = join(device.spool, `1-${at}.settings`)
        await writeFile(path, 'x')
        if (process.getuid?.() === 0) await chown(path, 65_534, 65_534)
      }
      await device.put('z.settings', await device.sign(onlyAlice(device, 7)))
    },
    { OOBM_TRIAL_S: '3', OOBM_PACE_MS: '20' },
  )
  assert.is(code, 0, stdout)
  const { outcomes, refused } = await device.record()
  const order = outcomes.map(({ serial, result }) => `${serial} ${result}`)
  assert.ok(order.includes('6 undone'), order.join())
  assert.is(outcomes.at(-1)?.result, 'refused', 'the flood was not over yet')
  if (process.getuid?.() === 0) assert.ok(order.includes('7 in-force'), order.join())
  // Most were removed unread.
  assert.ok(refused < 80, String(refused))
  assert.match(await device.read('etc/oobm/device.toml'), 'old.example.net')
})

test('asks for nothing else: whatever is not NAME.settings is refused, and taken away', async context => {
  const device = await makeDevice(context)
  const before = await settingsOf(device)
  for (const name of ['reboot', 'apply', '.settings', 'a b.settings', '-rf.settings', 'x.toml', '\u001b[31m.settings'])
    await device.put(name, await device.sign(onlyAlice(device, 9)))
  assert.is((await device.run()).code, 0)
  assert.is((await device.record()).refused, 7)
  for (const { detail } of (await device.record()).outcomes) assert.match(detail, /^[\x20-\x7e]*is no request/)
  assert.is(await settingsOf(device), before)
  assert.equal(await readdir(device.spool), [])
  const { code, stderr } = await runProgram(process.execPath, ['build/lib/oobm-apply.cjs', 'reboot'])
  assert.is(code, 64)
  assert.match(stderr, /takes no arguments/)
})

test('installs what it verified, whoever changes the file meanwhile', async context => {
  const device = await makeDevice(context)
  const path = join(device.spool, 'x.settings')
  const nobody = await device.sign({ ...device.head(10), access: { technicians: [] } })
  const bin = join(device.directory, 'bin')
  // In the place of ssh-keygen: it changes the file before it verifies, by the path, by a descriptor and by another link.
  const other = join(device.directory, 'other-link')
  const evil = join(device.directory, 'evil')
  await writeFile(evil, nobody)
  const real = (await runProgram('sh', ['-c', 'command -v ssh-keygen'])).stdout.trim()
  await writeFile(
    join(bin, 'ssh-keygen'),
    `#!/bin/sh\nif [ -e '${evil}' ]; then cat '${evil}' >'${other}'; mv '${evil}' '${path}'; fi\nexec ${real} "$@"\n`,
  )
  await chmod(join(bin, 'ssh-keygen'), 0o755)
  await writeFile(path, await device.sign(onlyAlice(device, 7)))
  await link(path, other)
  assert.is((await device.run()).code, 0)
  const { outcomes } = await device.record()
  // The second one is a document of its own.
  assert.equal(
    outcomes.map(({ serial, result }) => `${serial} ${result}`),
    ['7 in-force', '10 in-force'],
  )
})

test('a signer hands over to another: the old key is refused from then on', async context => {
  const device = await makeDevice(context)
  const { other } = device.keys
  const handOver = { ...onlyAlice(device, 6), access: { ...onlyAlice(device, 6).access, signers: [other.publicKey] } }
  await device.put('1.settings', await device.sign(handOver))
  await device.put('2.settings', await device.sign(onlyAlice(device, 7)))
  await device.put('3.settings', await device.sign(onlyAlice(device, 8), other))
  assert.is((await device.run()).code, 0)
  assert.equal(
    (await device.record()).outcomes.map(({ serial, result }) => `${serial} ${result}`),
    ['6 in-force', 'null refused', '8 in-force'],
  )
})

test('a device that knows no signer says what to do', async context => {
  const device = await makeDevice(context)
  await writeFile(join(device.root, 'etc/oobm/settings.toml'), '[settings]\nserial = 0\n')
  await device.put('x.settings', await device.sign(onlyAlice(device, 7)))
  assert.is((await device.run()).code, 0)
  assert.match((await device.record()).outcomes[0]?.detail ?? '', /knows no signer.*oobm import/)
})

test('a person who is added waits with the restart until nobody is on a console', async context => {
  const device = await makeDevice(context, { technicians: [] })
  await device.put('x.settings', await device.sign(onlyAlice(device, 7)))
  assert.is((await device.run()).code, 0)
  assert.equal(await device.asked(), ['systemctl restart oobm-console.service'])
})

async function signText(device: TestDevice, text: string): Promise<string> {
  const signed = `${text}\n`
  const args = ['-Y', 'sign', '-q', '-f', device.keys.signer.path, '-n', 'oobm-settings']
  const { stdout } = await runProgram('ssh-keygen', args, { input: signed })
  return signed + stdout
}

test('a full disk changes nothing, and says so', async context => {
  const device = await makeDevice(context)
  await device.put('a.settings', await device.sign(onlyAlice(device, 7)))
  const before = await device.read('etc/oobm/device.toml')
  const etc = join(device.root, 'etc/oobm')
  // A disk of 600 KB in its place, for this one run.
  const script = `cp -a ${etc} ${device.directory}/kept && mount -t tmpfs -o size=600k none ${etc} &&
    cp -a ${device.directory}/kept/. ${etc} && "$@" >&2 && cat ${etc}/device.toml`
  const { stdout, stderr } = await runProgram(
    'unshare',
    ['--mount', 'sh', '-c', script, '-', process.execPath, 'build/lib/oobm-apply.cjs'],
    { env: { ...process.env, ...device.env } },
  )
  assert.is(stdout, before, stderr)
  const { outcomes, serial } = await device.record()
  assert.equal([outcomes.at(-1)?.result, serial], ['refused', 0])
  assert.match(`${outcomes.at(-1)?.detail}`, /^the disk of \S+ is full: \d+ KB are free, and a change needs 1024; /)
})

test.run()
