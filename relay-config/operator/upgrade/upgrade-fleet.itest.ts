/** `oobm-relay upgrade` as it is typed, for a fleet: what is printed, the stop after a failure, what a second run does. */
import * as assert from 'uvu/assert'
import { EXIT } from '../../../runtime/errors.ts'
import { suite } from '../../../testbed/suite.ts'
import { startScene } from './testing/appliances.ts'

const test = suite('oobm-relay upgrade of a fleet')

if (process.getuid?.() !== 0) test.skip('an upgrade of a fleet', 'needs root')
else {
  test(
    'a device that does not prove itself goes back, and no other one is started after it',
    async context => {
      const scene = await startScene(context, ['osaka', 'tokyo', 'nagoya'])
      await scene.appliance('tokyo').prove(false)
      await scene.appliance('nagoya').prove(false)
      const path = await scene.makePackage('2')
      const way = ['--as', 'alice', '--identity', `${scene.folder}/alice`]
      const typed = (...args: string[]) => scene.oobmRelay('upgrade', ...args, ...way)
      const first = await typed('osaka', path)
      assert.is(first.code, EXIT.ok, `${first.stdout}${first.stderr}`)
      assert.match(first.stdout, /^\d\d:\d\d:\d\d osaka: DONE: oobm-device 2$/m)
      assert.match(first.stdout, /\n\n1 upgraded\n$/)

      const { code, stdout, stderr } = await typed('--all', path)
      const said = `${stdout}\n${stderr}`
      assert.is(code, EXIT.failed, said)
      assert.match(stdout, /\n\n1 already there\n1 failed:\n/, said)
      const [, failed = ''] = /\n {2}(\w+): the new system did not prove itself within 15 min: /.exec(stdout) ?? []
      const other = failed === 'tokyo' ? 'nagoya' : 'tokyo'
      assert.ok(stdout.endsWith(`\n1 not tried:\n  ${other}: stopped, because ${failed} failed\n`), said)
      assert.is(stderr, '', said)
      assert.not.match(await scene.appliance(other).list(), /^1/m)
      assert.match(await scene.appliance(failed).list(), /^0, confirmed, running/m)
    },
    { timeoutMs: 240_000 },
  )
}

test.run()
