/** An upgrade through a real relay to a device with the card's real upgrade programs: sent, cut, damaged, on trial, skipped. */
import * as assert from 'uvu/assert'
import { runProgram } from '../../../testbed/run-program.ts'
import { signalProcess } from '../../../testbed/sshd.ts'
import { suite, type TestContext } from '../../../testbed/suite.ts'
import { installOnDevice } from './install-on-device.ts'
import { type Scene, startScene } from './testing/appliances.ts'
import { listener, prepared, refusal } from './testing/one-device.ts'

const test = suite('oobm-relay upgrade')
const SLOW = { timeoutMs: 240_000 }
const MIB = 1_048_576

async function sessionsAtRelay({ relay }: Scene, parent = relay.program.pid) {
  const { stdout } = await runProgram('pgrep', ['-P', String(parent)])
  return stdout.trim().split('\n').map(Number)
}

if (process.getuid?.() !== 0) test.skip('an upgrade from afar', 'needs root')
else {
  test(
    'continues a file after the relay lost everybody, sends a damaged one again, proves itself, and is skipped after that',
    async (context: TestContext) => {
      const scene = await startScene(context, ['tokyo'])
      const tokyo = scene.appliance('tokyo')
      const path = await scene.makePackage('2', { bytes: 3 * MIB })
      const { told, tell } = listener()
      let isCut = false
      const cutOnce = (what: string, part = 0) => {
        tell(what, part)
        if (isCut || part < 0.3) return
        isCut = true
        void sessionsAtRelay(scene).then(pids => pids.map(pid => signalProcess(pid, 'SIGKILL')))
      }
      const work = await scene.work('tokyo', [path], cutOnce, { limitKbit: 8_000 })
      const ready = await prepared(work)
      const lost = told.findIndex(({ what }) => what.startsWith('the connection was lost'))
      assert.ok(lost > 0, JSON.stringify(told))
      const next = told.slice(lost).find(({ part = 0 }) => part > 0)?.part ?? 0
      assert.ok(next >= 0.3, `continues at ${next}`)

      // A rest that is damaged: of the same length or not, its SHA-256 says so.
      const [{ sha256 = '' } = {}] = ready.packages
      await tokyo.sh(`head -c ${MIB} /dev/zero >"$HOME/.oobm-upgrade/${sha256}.deb"`)
      const again = await prepared(await scene.work('tokyo', [path], tell))
      assert.ok(told.some(({ what }) => what === 'arrived damaged, is sent once more'))
      assert.is(await tokyo.sh(`sha256sum <"$HOME/.oobm-upgrade/${sha256}.deb" | cut -c 1-64`), sha256)

      const outcome = await installOnDevice(work, again)
      assert.equal(outcome, { kind: 'done', detail: 'oobm-device 2' })
      assert.match(await tokyo.list(), /^1, confirmed, running\n.*\n {4}changed: oobm-device$/m)
      assert.is(await tokyo.sh('ls "$HOME/.oobm-upgrade"'), '')
      assert.is(await refusal(work), 'already: oobm-device 2')

      const older = await scene.makePackage('1')
      assert.match(
        await refusal(await scene.work('tokyo', [older], tell)),
        /^refused: it has oobm-device 2, which is newer than 1: --downgrade/,
      )
      await prepared(await scene.work('tokyo', [older], tell, { isDowngrade: true }))
    },
    SLOW,
  )
}

test.run()
