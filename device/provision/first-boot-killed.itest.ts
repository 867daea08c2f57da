import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { suite } from '../../testbed/suite.ts'
import { makeBoard } from './testing/board.ts'
import { finished, killAtEachStep } from './testing/killed-boot.ts'

const test = suite('a first boot, killed')

test(
  'a first boot that is cut anywhere ends, at the next one, set up as the file says and with no keys on the card',
  async context => {
    const board = await makeBoard(context)
    await board.put('oobm.toml', board.issue())
    const before = join(board.root, '..')
    const killed = await killAtEachStep(context, { before, old: {}, new: await finished(context, before) })
    assert.ok(killed > 60, `${killed} steps`)
  },
  { timeoutMs: 280_000 },
)

test.run()
