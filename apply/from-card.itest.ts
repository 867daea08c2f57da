/** A signed document on the card: `oobm settings card`, and the program behind the folder, both as they are. */
import { spawnSync } from 'node:child_process'
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import * as assert from 'uvu/assert'
import { stringifyToml } from '../formats/toml-file.ts'
import { runProgram } from '../testbed/run-program.ts'
import { suite, type TestContext } from '../testbed/suite.ts'
import { makeDevice, type TestDevice } from './testing/device.ts'

const test = suite('settings from the card')

async function deviceWithCard(context: TestContext) {
  const device = await makeDevice(context)
  const boot = join(device.directory, 'boot')
  await mkdir(boot)
  return { device, boot, put: (name: string, content: string | Uint8Array) => writeFile(join(boot, name), content) }
}

/** One start: the command, and `oobm-apply` as its path unit would start it. `around` mounts what the command sees. */
async function start(
  device: TestDevice,
  boot: string,
  around: (command: string) => string[] = shell => ['sh', '-euc', shell],
) {
  const [program = '', ...args] = around(`'${process.execPath}' build/lib/oobm.cjs settings card --boot '${boot}'`)
  let isOver = false
  const answer = runProgram(program, args, { env: { ...process.env, ...device.env }, timeoutMs: 50_000 }).finally(
    () => {
      isOver = true
    },
  )
  while (!isOver) {
    if ((await readdir(device.spool)).some(name => name.endsWith('.settings'))) await device.run()
    await setTimeout(50)
  }
  return answer
}

const noteIn = (boot: string) => readFile(join(boot, 'oobm-settings.txt'), 'utf8').catch(() => undefined)

test('is taken once, goes off the card, and a text there says so', async context => {
  const { device, boot, put } = await deviceWithCard(context)
  await put('OOBM.Settings', await device.sign({ ...device.head(7), access: { technicians: [] } }))
  const { code, stdout, stderr } = await start(device, boot)
  assert.is(code, 0, stdout + stderr)
  assert.match(stdout, /^OOBM\.Settings \(number 7\): in-force$/m)
  assert.equal(await readdir(boot), ['oobm-settings.txt'])
  const note = await noteIn(boot)
  assert.match(
    note ?? '',
    /^OOBM\.Settings \(settings number 7\)\r\n {2}The device took it: all of it is in force\.\r\n/m,
  )
  assert.not.match(await device.read('etc/oobm/device.toml'), 'alice')
  // The next start has nothing to do, and leaves the text alone.
  assert.is((await start(device, boot)).code, 0)
  assert.is(await noteIn(boot), note)
  assert.is((await device.record()).outcomes.length, 1)
})

test('is never taken unsigned, by another key, cut short or too large: a text says why, and the settings stay', async context => {
  const { device, boot, put } = await deviceWithCard(context)
  const content = { ...device.head(7), access: { technicians: [] } }
  const signed = await device.sign(content)
  const before = await device.read('etc/oobm/device.toml')
  const cases: [document: string | Uint8Array, why: RegExp][] = [
    [stringifyToml(content), /is not signed/],
    [await device.sign(content, device.keys.other), /signed by|signature|signer/],
    [signed.slice(0, -40), /damaged signature/],
    [signed.replace('serial = 7', 'serial = 8'), /signature|signed/],
    [await device.sign({ ...content, serial: 5 }), /only a higher one takes effect/],
    [await device.sign({ ...content, device: 'rack2' }), /is for rack2, and this device is rack1/],
    [Buffer.alloc(262_145), /it has 262145 bytes; a settings document has at most 262144/],
    ['', /is not signed/],
  ]
  for (const [document, why] of cases) {
    await put('oobm.settings', document)
    const { code, stdout } = await start(device, boot)
    assert.is(code, 1, stdout)
    assert.match((await noteIn(boot)) ?? '', why)
    assert.match((await noteIn(boot)) ?? '', /Nothing was changed: it keeps the settings that it had\.\r\n/)
    assert.equal((await readdir(boot)).sort(), ['oobm-settings.txt', 'oobm.settings'])
    assert.is(await device.read('etc/oobm/device.toml'), before)
  }
  // With the wrong document, its text goes; with a right one in its place, the text is about that.
  await rm(join(boot, 'oobm.settings'))
  assert.is((await start(device, boot)).code, 0)
  assert.equal(await readdir(boot), [])
  await put('rack1.settings.txt', signed)
  assert.is((await start(device, boot)).code, 0)
  assert.match((await noteIn(boot)) ?? '', /^rack1\.settings\.txt \(settings number 7\)/m)
})

test('one that was refused is tried again at the next start; files for others are left alone', async context => {
  const { device, boot, put } = await deviceWithCard(context)
  for (const name of ['rack2.settings', 'oobm-00c0ffee.settings', 'my settings.txt']) await put(name, 'x')
  assert.is((await start(device, boot)).code, 0)
  assert.equal(await readdir(device.spool), [])
  await put('oobm.settings', 'x')
  for (const refused of [1, 2]) {
    assert.is((await start(device, boot)).code, 1)
    assert.is((await device.record()).refused, refused)
  }
  assert.is((await readdir(boot)).length, 5)
})

test('on trial: the card says so at once, and afterwards how it ended', async context => {
  const { device, boot, put } = await deviceWithCard(context)
  await put('oobm.settings', await device.sign(device.connectivity(8, 'new.example.net')))
  const seen = new Set<string>()
  const command = runProgram(process.execPath, ['build/lib/oobm.cjs', 'settings', 'card', '--boot', boot], {
    env: { ...process.env, ...device.env },
    timeoutMs: 50_000,
  })
  while ((await readdir(device.spool)).length === 0) await setTimeout(20)
  await device.runWhile(
    async () => {
      const [word] = /trial|undone|confirmed/.exec(/^document .*$/m.exec((await noteIn(boot)) ?? '')?.[0] ?? '') ?? []
      if (word !== undefined) seen.add(word)
      await device.writeStatus({ state: 'no-relay' })
    },
    { OOBM_TRIAL_S: '4' },
  )
  const { code, stdout } = await command
  assert.is(code, 1, stdout)
  assert.ok(seen.has('trial'), stdout)
  assert.match((await noteIn(boot)) ?? '', /could not be reached so\. How it connects is as it was before\./)
  assert.match(await device.read('etc/oobm/device.toml'), 'old.example.net')
  assert.equal(await readdir(boot), ['oobm-settings.txt'])
})

if (spawnSync('unshare', ['-m', 'sh', '-c', 'mount -t tmpfs none /mnt']).status !== 0) {
  test.skip('a card that is read-only is written for a moment', 'needs root: a mount of its own')
} else {
  test('a card that is read-only is written for a moment; one that is write-protected keeps a document that counts once', async context => {
    const { device, boot, put } = await deviceWithCard(context)
    await put('oobm.settings', await device.sign({ ...device.head(7), access: { technicians: [] } }))
    const bin = join(device.directory, 'bin')
    const mounted = (isProtected: boolean) => (command: string) => [
      ...['unshare', '-m', 'sh', '-euc'],
      `rm -f '${bin}/mount'
       cp -r '${boot}' '${boot}.copy'
       mount -t tmpfs none '${boot}'
       cp '${boot}.copy'/* '${boot}'
       mount -o remount,ro '${boot}'
       ${isProtected ? `printf '#!/bin/sh\\nexit 32\\n' >'${bin}/mount'; chmod +x '${bin}/mount'` : ''}
       code=0; ${command} || code=$?
       ls '${boot}' >'${device.directory}/left'
       rm -r '${boot}.copy'
       exit $code`,
    ]
    const left = () => readFile(join(device.directory, 'left'), 'utf8')
    for (const _ of [1, 2]) {
      const { code, stdout, stderr } = await start(device, boot, mounted(true))
      assert.is(code, 0, stdout + stderr)
      assert.match(stdout, 'cannot be written')
      assert.is(await left(), 'oobm.settings\n')
    }
    assert.is((await device.record()).outcomes.length, 1)
    const { code, stdout, stderr } = await start(device, boot, mounted(false))
    assert.is(code, 0, stdout + stderr)
    assert.is(await left(), 'oobm-settings.txt\n')
  })
}

test.run()
