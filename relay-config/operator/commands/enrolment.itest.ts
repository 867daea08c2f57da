/** An enrolment is opened, changed and closed at the seat, also by somebody who mistypes: what is refused changes nothing. */
import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { makeKey } from '../../../testbed/make-key.ts'
import { suite } from '../../../testbed/suite.ts'
import { fleetEditor } from '../../testing/fleet-editor.ts'

const test = suite('oobm-relay enrolment')
const SLOW = { timeoutMs: 120_000 }

test(
  'opens and closes the only enrolment, and opens none that could not be used',
  async context => {
    const { folder, file, must, run, start, text } = await fleetEditor(context)
    const { publicKey, path } = await makeKey(folder, 'operator')
    await must(['init', '--host', 'relay.example', '--accounts', 'dedicated', '--yes', '--host-keys', `${path}.pub`])
    await writeFile(file, `${await text()}\n[settings]\nsigners = ["${publicKey}"]\n`)
    const before = await text()
    for (const [args, said] of [
      [['--until', '2020-01-31'], /the last day, 2020-01-31, is over/],
      [['--until', 'tomorrow'], /must be a day such as/],
      [['--with', join(folder, 'site.toml')], /cannot read .*site\.toml/],
    ] as const) {
      const { code, said: told } = await run(['enrolment', 'open', 'tokyo', '--boards', '2', ...args])
      assert.match(told, said)
      assert.not(code === 0, args.join(' '))
      assert.is(await text(), before, args.join(' '))
    }
    const kept = () => readdir(join(folder, 'secrets/_enrolments'))
    assert.equal(await kept(), [], 'no keys are left of one that was refused')
    await must(['enrolment', 'open', 'tokyo', '--boards', '2', '--until', '2099-01-31'])
    const [, key = ''] = /key = "ssh-ed25519 (\S+)"\nboards/.exec(await text()) ?? []
    const requests = join(folder, 'state/enrolments/tokyo')
    await mkdir(requests, { recursive: true })
    await writeFile(join(requests, `${'a'.repeat(64)}.request`), 'somebody wrote this')
    for (const [whose, warnings] of [
      ['of an earlier enrolment of this name', ''],
      [key, 'Warning: '],
    ] as const) {
      await writeFile(join(requests, 'key'), `${whose}\n`)
      const { code, stderr } = await start(['pending', '--state', join(folder, 'state')])
      assert.equal([code, stderr.slice(0, 9)], [0, warnings])
    }
    assert.match(await text(), /\[\[enrolments\]\]\nname = "tokyo"/)
    for (const command of ['accept', 'reject']) {
      const typed = await run([command, 'a1', ...(command === 'accept' ? ['rack'] : []), '--fingerprint', 'y8/ZBEZO'])
      assert.is(typed.code, 64)
      assert.match(typed.said, /--fingerprint .*as oobm-enrol\.txt has it: SHA256:/)
    }
    assert.match(await must(['enrolment', 'close', 'tokyo']), /closed the enrolment tokyo/)
    assert.is((await text()).trim(), before.trim(), `${file} is as before`)
    assert.equal(await kept(), [])
  },
  SLOW,
)

test.run()
