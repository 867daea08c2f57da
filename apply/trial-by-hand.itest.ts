/** `oobm-apply` and a trial that a person on the device began: it has no document, and waits for nobody. */
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { install } from '../device/import/install.ts'
import { readStored } from '../device/import/stored.ts'
import { withSettings } from '../device/import/take-over.ts'
import { suite } from '../testbed/suite.ts'
import { makeDevice, type TestDevice } from './testing/device.ts'

const test = suite('oobm-apply: a trial by hand')

const SITE = { system: { country: 'JP' }, wifi: [{ ssid: 'Office', passphrase: 'correct horse', priority: 1 }] }

/** As `oobm wifi prefer` leaves it: nothing is changed, and the trial stands there. */
async function begin(device: TestDevice, digest = 'first') {
  const stored = await readStored(device.root)
  assert.ok(stored)
  const old = withSettings(stored, SITE)
  const change = { wifi: [{ ssid: 'Lab', passphrase: 'a passphrase', priority: 2 }] }
  const next = withSettings({ ...stored, ...SITE }, change)
  const by = { byHand: 'wifi prefer "Lab"', serial: 5, digest }
  await install(old.text, device.root, {
    ...{ ...by, phase: 'waiting', since: 1, starts: 0, old: old.text, next: next.text },
  })
}

const site = (device: TestDevice) => device.read('etc/oobm/secrets/system.toml')
const outcomes = async (device: TestDevice) =>
  (await device.record()).outcomes.map(({ serial, byHand, result }) => `${serial} ${byHand ?? '-'}: ${result}`)

test('begins although somebody is in, and is undone without a proof; then the same again, and it stays', async context => {
  const device = await makeDevice(context)
  await begin(device)
  const seen = new Set<boolean>()
  const undone = await device.runWhile(
    async () => {
      await device.writeStatus({ state: 'no-relay', sessions: 2 })
      seen.add(await hasLab(device))
    },
    { OOBM_TRIAL_S: '2' },
  )
  assert.is(undone.code, 0, undone.stdout)
  assert.equal([...seen], [false, true])
  assert.not.ok(await hasLab(device))
  assert.equal(await outcomes(device), ['null wifi prefer "Lab": undone'])
  assert.is((await device.record()).trial, null)

  await begin(device, 'second')
  const kept = await device.runWhile(() => device.writeStatus({ state: 'in-use', sessions: 2, proved: true }))
  assert.is(kept.code, 0, kept.stdout)
  assert.ok(await hasLab(device))
  assert.equal((await outcomes(device)).at(-1), 'null wifi prefer "Lab": confirmed')
  // A document is still known by its own number.
  assert.is((await device.record()).serial, 0)
})

test('a document that comes meanwhile takes its place, and access alone does not end it', async context => {
  const device = await makeDevice(context)
  await begin(device)
  const access = { technicians: [{ name: 'alice', keys: [device.keys.alice.publicKey], shell: true }] }
  await device.put('a.settings', await device.sign({ ...device.head(7), access }))
  let isOver = false
  await device.runWhile(
    async () => {
      const { trial } = await device.record().catch(() => ({ trial: null }))
      if (trial?.phase === 'trial' && !isOver) {
        isOver = true
        assert.is(trial.byHand, 'wifi prefer "Lab"')
        await device.put('b.settings', await device.sign(device.connectivity(8, 'new.example.net')))
      }
      await device.writeStatus({ state: 'no-relay', proved: false })
      if ((await device.record().catch(() => ({ trial: null }))).trial?.serial === 8)
        await device.writeStatus({ state: 'ready', proved: true })
    },
    { OOBM_TRIAL_S: '20' },
  )
  assert.ok(isOver)
  assert.equal(await outcomes(device), [
    '7 -: in-force',
    'null wifi prefer "Lab": undone',
    '8 -: trial',
    '8 -: confirmed',
  ])
  assert.not.ok(await hasLab(device))
  assert.match(await device.read(join('etc/oobm/device.toml')), 'new.example.net')
})

async function hasLab(device: TestDevice): Promise<boolean> {
  return (await site(device)).includes('Lab')
}

test.run()
