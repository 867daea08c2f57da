/** What `oobm outlets` hands to `oobm-power`, and which units it starts and stops; systemctl is recorded. */
import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { outletSchema } from '../../formats/outlets.ts'
import { scratchDirectory } from '../../testbed/scratch.ts'
import { suite, type TestContext } from '../../testbed/suite.ts'
import { settleOutlets } from './settle-outlets.ts'

const test = suite('settle outlets')
const PLUG = { name: 'a', kind: 'shelly', address: '192.0.2.30:81' }
const PDU = { name: 'b', kind: 'exec', hosts: ['192.0.2.9', '192.0.2.30'] }

async function device(context: TestContext) {
  const directory = join(await scratchDirectory(context), 'outlets')
  const settle = async (outlets: object[], secrets: Record<string, string> = {}) => {
    const asked: string[] = []
    await settleOutlets({
      config: { outlets: outlets.map(outlet => outletSchema.parse(outlet)) },
      secrets: Object.entries(secrets).map(([outlet, secret]) => ({ outlet, secret })),
      directory,
      say: () => {},
      systemctl: async args => void asked.push(args.join(' ')),
    })
    return asked
  }
  return { directory, settle }
}

const ALLOW =
  'set-property --runtime oobm-power.service IPAddressAllow= IPAddressAllow=192.0.2.30 IPAddressAllow=192.0.2.9'

test('hands over the passwords of its outlets alone, allows their addresses, and starts the program', async context => {
  const { directory, settle } = await device(context)
  const asked = await settle([PLUG, PDU], { a: 'one', gone: 'two' })
  assert.equal(asked, [ALLOW, 'start oobm-power.socket', 'restart --no-block oobm-power.service'])
  assert.equal(await readdir(join(directory, 'secrets')), ['a'])
  assert.is(await readFile(join(directory, 'secrets/a'), 'utf8'), 'one')
  for (const path of ['', 'secrets', 'secrets/a']) assert.is((await stat(join(directory, path))).mode & 0o077, 0, path)
})

test('restarts it only when something is another, and stops it without outlets', async context => {
  const { directory, settle } = await device(context)
  await settle([PLUG, PDU], { a: 'one' })
  assert.equal(await settle([PLUG, PDU], { a: 'one' }), [ALLOW, 'start oobm-power.socket'])
  assert.match((await settle([PLUG, PDU], { a: 'another' })).at(-1) ?? '', /^restart/)
  assert.match((await settle([{ ...PLUG, self: true }, PDU], { a: 'another' })).at(-1) ?? '', /^restart/)
  assert.equal(await settle([]), ['stop oobm-power.socket oobm-power.service'])
  assert.equal(await readdir(join(directory, 'secrets')), [])
  assert.match((await settle([PLUG, PDU], { a: 'another' })).at(-1) ?? '', /^restart/)
})

test.run()
