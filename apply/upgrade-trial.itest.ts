/** `oobm-apply` while a system upgrade is on trial: of two trials at once, nobody knows which one failed. */
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { install } from '../device/import/install.ts'
import { readStored } from '../device/import/stored.ts'
import { wholeFrom } from '../device/import/take-over.ts'
import { suite } from '../testbed/suite.ts'
import { makeDevice, type TestDevice } from './testing/device.ts'

const test = suite('oobm-apply: while an upgrade is on trial')

const relayOf = async (device: TestDevice) => /host = "(.*)"/.exec(await device.read('etc/oobm/device.toml'))?.[1]
const results = async (device: TestDevice) =>
  (await device.record()).outcomes.map(({ serial, result }) => `${serial} ${result}`)

/** As the appliance's `init` and `trial` leave it. */
async function upgradeOn(device: TestDevice) {
  const facts = join(device.directory, 'facts')
  await mkdir(facts, { recursive: true })
  await writeFile(join(facts, 'trial'), '3\n')
  return { env: { OOBM_FACTS: facts }, end: () => rm(join(facts, 'trial'), { force: true }) }
}

test('access takes force at once, and connectivity waits until the upgrade is decided', async context => {
  const device = await makeDevice(context)
  const upgrade = await upgradeOn(device)
  const access = { technicians: [{ name: 'alice', keys: [device.keys.alice.publicKey], shell: true }] }
  await device.put('a.settings', await device.sign({ ...device.connectivity(7, 'new.example.net'), access }))
  let waited = 0
  const { code, stdout } = await device.runWhile(async () => {
    // What confirms the upgrade must not confirm these settings.
    await device.writeStatus({ state: 'ready', proved: true })
    const { trial } = await device.record().catch(() => ({ trial: null }))
    if (trial?.cause !== 'a system upgrade is on trial: it begins when this ends') return
    waited += 1
    if (waited > 20) return upgrade.end()
    assert.is(trial.phase, 'waiting')
    const config = await device.read('etc/oobm/device.toml')
    assert.match(config, 'old.example.net')
    assert.not.match(config, 'bob')
  }, upgrade.env)
  assert.is(code, 0, stdout)
  assert.ok(waited > 20, `it waited ${waited} looks`)
  assert.is(await relayOf(device), 'new.example.net')
  assert.equal(await results(device), ['7 trial', '7 confirmed'])
})

test('a trial that began just before the restart gives way, and begins anew after the upgrade', async context => {
  const device = await makeDevice(context)
  const upgrade = await upgradeOn(device)
  const stored = await readStored(device.root)
  assert.ok(stored)
  const old = wholeFrom(stored).text
  const next = old.replace('old.example.net', 'new.example.net')
  const trial = { serial: 7, digest: 'a', phase: 'trial' as const, since: 1, starts: 1 }
  await install(next, device.root, { ...trial, old, next })
  const seen = new Set<string | undefined>()
  let waited = 0
  const { code, stdout } = await device.runWhile(async () => {
    await device.writeStatus({ state: 'ready', proved: true })
    seen.add(await relayOf(device))
    const shown = await device.record().catch(() => undefined)
    if (shown?.trial?.phase !== 'waiting') return
    waited += 1
    if (waited < 20) assert.is(await relayOf(device), 'old.example.net')
    else await upgrade.end()
  }, upgrade.env)
  assert.is(code, 0, stdout)
  // Installed before it starts, given up for the upgrade, and installed after it.
  assert.equal([...seen], ['new.example.net', 'old.example.net'])
  assert.is(await relayOf(device), 'new.example.net')
  assert.equal(await results(device), ['7 confirmed'])
  assert.is((await device.asked()).filter(line => line.includes('supervisor')).length, 2)
})

test.run()
