/** What keeps an upgrade from a device: another architecture, no room, people on a console, settings on trial; nothing changes there. */
import * as assert from 'uvu/assert'
import { suite } from '../../../testbed/suite.ts'
import { installOnDevice } from './install-on-device.ts'
import { startScene } from './testing/appliances.ts'
import { listener, prepared, refusal } from './testing/one-device.ts'

const test = suite('oobm-relay upgrade that is refused')
const SLOW = { timeoutMs: 240_000 }
const MIB = 1_048_576

if (process.getuid?.() !== 0) test.skip('an upgrade that is refused', 'needs root')
else {
  test(
    'changes nothing on a device of another kind, without room, with somebody on a console, or with settings on trial',
    async context => {
      const scene = await startScene(context, ['tokyo'])
      const tokyo = scene.appliance('tokyo')
      const { tell } = listener()
      const foreign = await scene.makePackage('3', { architecture: 'ppc64el' })
      assert.match(await refusal(await scene.work('tokyo', [foreign], tell)), /oobm-device is given for ppc64el only/)

      const large = await scene.makePackage('4', { bytes: 3 * MIB })
      const fills: Promise<string>[] = []
      const fill = (_: string, part = 0) => {
        if (part > 0.2 && fills.length === 0) fills.push(tokyo.sh('cat /dev/zero >"$HOME/full" 2>/dev/null || :'))
      }
      const full = await refusal(await scene.work('tokyo', [large], fill, { limitKbit: 8_000 }))
      await Promise.all(fills)
      assert.match(full, /^refused: the file cannot be written there \(\d+ KiB are free\): /)
      assert.match(await refusal(await scene.work('tokyo', [large], tell)), /^refused: its home has \d+ KiB free/)
      await tokyo.sh('rm "$HOME/full"')

      await tokyo.sh(': >"$OOBM_SETTINGS_TRIAL"')
      assert.match(await refusal(await scene.work('tokyo', [large], tell)), /settings from afar are on trial/)
      await tokyo.sh('rm "$OOBM_SETTINGS_TRIAL"')

      await tokyo.occupy(true)
      const waits = listener()
      const work = await scene.work('tokyo', [large], waits.tell, { idleS: 2 })
      const outcome = await installOnDevice(work, await prepared(work))
      assert.is(outcome.kind, 'refused')
      assert.match(outcome.detail, /somebody is on a console, 2 s after the upgrade was ready: try again later/)
      assert.ok(waits.told.some(({ detail = '' }) => /^The restart waits, .*: somebody is on a console/.test(detail)))
      assert.not.match(await tokyo.list(), /^1/m)
    },
    SLOW,
  )
}

test.run()
