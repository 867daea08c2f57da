/** `oobm upgrade` as a front: its arguments, its exit code, and its message on any other system. */
import { chmod, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { EXIT } from '../../runtime/errors.ts'
import { runProgram } from '../../testbed/run-program.ts'
import { scratchDirectory } from '../../testbed/scratch.ts'
import { suite } from '../../testbed/suite.ts'

const test = suite('oobm upgrade')

test('passes on its arguments, and the exit code', async context => {
  const program = join(await scratchDirectory(context), 'upgrade')
  await writeFile(program, '#!/bin/sh\nprintf "<%s>" "$@"\nexit 69\n')
  await chmod(program, 0o755)
  const { code, stdout, stderr } = await oobmUpgrade(program, 'a file.deb', '--undo')
  assert.is(stdout, '<a file.deb><--undo>', stderr)
  assert.is(code, EXIT.unavailable)
})

test('says that this system was not made from the card image', async context => {
  const { code, stderr } = await oobmUpgrade(join(await scratchDirectory(context), 'none'))
  assert.is(code, EXIT.unavailable)
  assert.match(stderr, /this system was not made from our card image/)
})

function oobmUpgrade(program: string, ...args: string[]) {
  const oobm = join(import.meta.dirname, '../main.ts')
  return runProgram(process.execPath, ['--import', 'tsx', oobm, 'upgrade', ...args], { env: { OOBM_UPGRADE: program } })
}

test.run()
