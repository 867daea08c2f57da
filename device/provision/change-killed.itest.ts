import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { suite } from '../../testbed/suite.ts'
import { makeBoard } from './testing/board.ts'
import { bootOnce, finished, kept, killAtEachStep } from './testing/killed-boot.ts'

const test = suite('a change of settings, killed')

test(
  'a change of settings that is cut anywhere leaves the old ones or the new ones whole',
  async context => {
    const board = await makeBoard(context)
    await board.put('oobm.toml', board.issue({}, { system: { hostname: 'first' } }))
    const before = join(board.root, '..')
    await bootOnce(before)
    await rm(join(board.boot, 'oobm-imported.txt'))
    const old = await kept(board.root)
    await mkdir(board.boot, { recursive: true })
    const change =
      'version = 1\n[system]\nhostname = "second"\ncountry = "DE"\n[[wifi]]\nssid = "x"\npassphrase = "hush hush"\n'
    await board.put('oobm.toml', `${change}[[technicians]]\nname = "alice"\nremove = true\n`)
    const killed = await killAtEachStep(context, { before, old, new: await finished(context, before) })
    assert.ok(killed > 60, `${killed} steps`)
  },
  { timeoutMs: 280_000 },
)

test.run()
