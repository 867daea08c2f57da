/** What a device may move to and from its relay to measure its way out, and how much at the most. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { SPEED_LIMITS } from '../../../formats/speed.ts'
import { runProgram } from '../../../testbed/run-program.ts'
import { scratchDirectory } from '../../../testbed/scratch.ts'
import { suite } from '../../../testbed/suite.ts'
import { testInEachShell } from '../../testing/device-commands.ts'

const test = suite('oobm-device-command: speed')

testInEachShell(
  test,
  'both directions are bounded, and what has come is said at each sixteenth',
  async (context, relay) => {
    const directory = await scratchDirectory(context)
    const ssh = (line: string) => {
      const args = ['-c', line, join(directory, 'file'), ...relay.login('tokyo'), '127.0.0.1']
      return runProgram('sh', args, { timeoutMs: 60_000 })
    }
    const down = await ssh('ssh "$@" "speed down" </dev/null | wc -c')
    assert.is(down.stdout.trim(), `${SPEED_LIMITS.bytes}`, down.stderr)

    const said = (text: string) =>
      text.split('\n').flatMap(line => (/^got (\d+)$/.exec(line) ? [Number(line.slice(4))] : []))
    await writeFile(join(directory, 'file'), Buffer.alloc(100_001))
    const some = said((await ssh('ssh "$@" "speed up" <"$0"')).stdout)
    assert.is(some.at(-1), 100_001, 'what has come is counted to the byte')
    assert.ok(some.length > 10 && some.every((bytes, at) => bytes > (some[at - 1] ?? 0)))

    const endless = said((await ssh('ssh "$@" "speed up" </dev/zero')).stdout)
    const last = endless.at(-1) ?? 0
    assert.ok(last >= SPEED_LIMITS.bytes && last < SPEED_LIMITS.bytes * 1.07, `${last}`)
    assert.ok(endless.length < 200, `${endless.length} processes`)

    for (const asked of ['speed', 'speed ', 'speed sideways', 'speed up 9', 'speed down; id']) {
      const { code, stdout } = await relay.ssh('tokyo', [], asked)
      assert.equal([code, stdout], [64, ''], asked)
    }
  },
)

test.run()
