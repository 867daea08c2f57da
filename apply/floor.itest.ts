/** The number of the newest settings document does not fall, whatever becomes of the files that have it. */
import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { install } from '../device/import/install.ts'
import { readFloor, readProved, readTrust } from '../device/import/stored.ts'
import { takeOver } from '../device/import/take-over.ts'
import { UserError } from '../runtime/errors.ts'
import { suite, type TestContext } from '../testbed/suite.ts'
import { makeDevice } from './testing/device.ts'

const test = suite('the floor of the serial number')

const MAIN = 'etc/oobm/settings.toml'
const COPY = 'etc/oobm/secrets/settings.toml'

async function makeRoot(context: TestContext) {
  const { root } = await makeDevice(context)
  const bring = async (text: string) => {
    const { before, floor } = await readProved(root)
    await install(takeOver(before, [{ name: 'oobm.toml', bytes: Buffer.from(text) }], floor).text, root)
    return (await readTrust(root)).serial
  }
  return { root, bring, put: (path: string, text: string) => writeFile(join(root, path), text) }
}

test('one damaged file does no harm, and an import writes it anew', async context => {
  for (const damaged of [MAIN, COPY]) {
    for (const text of ['', 'settings = [', '[settings]\nserial = "x"\n', '[settings]\nsigners = []\n']) {
      const { root, bring, put } = await makeRoot(context)
      await put(damaged, text)
      assert.equal((await readFloor(root)).damaged, [`/${damaged}`])
      assert.is(await bring('[led]\nact = false\n'), 5)
      assert.equal((await readFloor(root)).damaged, [])
      assert.is((await readTrust(root)).signers.length, 1)
    }
  }
})

test('the higher number counts, and a missing file is no damage', async context => {
  const { root, bring, put } = await makeRoot(context)
  await put(MAIN, (await readFile(join(root, MAIN), 'utf8')).replace('serial = 5', 'serial = 2'))
  assert.is((await readTrust(root)).serial, 5)
  await rm(join(root, MAIN))
  assert.is(await bring('[led]\nact = false\n'), 5)
  // As a device has it that was made by an older version.
  await rm(join(root, COPY))
  assert.is(await bring('[led]\nact = true\n'), 5)
})

test('when both are damaged, a file must say the number, and nothing is changed before', async context => {
  const { root, bring, put } = await makeRoot(context)
  for (const path of [MAIN, COPY]) await put(path, '\0\0\0')
  const before = await readFile(join(root, 'etc/oobm/device.toml'), 'utf8')
  for (const text of ['[led]\nact = false\n', '[settings]\nsigners = []\n']) {
    try {
      await bring(text)
      assert.unreachable()
    } catch (err) {
      if (!(err instanceof UserError)) throw err
      assert.match(
        err.message,
        /oobm\.toml: the number of the newest settings document is lost: .* Add it to this file/,
      )
    }
  }
  assert.is(await readFile(join(root, 'etc/oobm/device.toml'), 'utf8'), before)
  assert.is(await bring('[settings]\nserial = 12\n'), 12)
})

test('a device whose configuration is damaged keeps the number under a whole file that has a lower one', async context => {
  const { bring, root, put } = await makeRoot(context)
  const { before } = await readProved(root)
  if (before === undefined) throw new Error('no settings')
  const whole = takeOver(before, []).text.replace('serial = 5', 'serial = 1')
  await put('etc/oobm/device.toml', 'version = ')
  assert.is(await bring(whole), 5)
})

test.run()
