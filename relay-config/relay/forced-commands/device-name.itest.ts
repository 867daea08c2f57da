import { mkdir, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { runProgram } from '../../../testbed/run-program.ts'
import { scratchDirectory } from '../../../testbed/scratch.ts'
import { suite } from '../../../testbed/suite.ts'

const test = suite('oobm-device-command: the name of the device')
const SCRIPT = join(import.meta.dirname, 'oobm-device-command')

test('must be a name, not a path, an option or a pattern: authorized_keys may be written by hand', async context => {
  const directory = await scratchDirectory(context)
  const state = join(directory, 'state')
  await mkdir(join(state, 'tokyo'), { recursive: true })
  for (const name of [
    ...['', '.', '..', '../x', '../../etc', 'a/b', '/etc', '/', './a', 'a/..', '.hidden', '-rf', '--', 'a b', 'a\tb'],
    ...['a\nb', 'A', 'tokyo*', 't?kyo', '[a]', '$(id)', '`id`', 'a;id', 'a|id', 'a&', "a'b", 'a"b', 'a\\b', 'é', '~'],
  ]) {
    for (const shell of ['/bin/dash', '/bin/bash', '/bin/busybox']) {
      const args = shell.endsWith('busybox') ? ['sh', SCRIPT] : [SCRIPT]
      const { code, stdout, stderr } = await runProgram(shell, [...args, name, state], {
        env: { SSH_ORIGINAL_COMMAND: `claim ${'a'.repeat(32)}` },
        cwd: directory,
      })
      assert.equal([code, stdout], [64, ''], `${shell} ${name}`)
      assert.match(
        stderr,
        /^oobm-device-command: usage: oobm-device-command DEVICE \[STATE_DIRECTORY\], from authorized_keys$/m,
      )
    }
  }
  assert.equal([await readdir(directory), await readdir(state)], [['state'], ['tokyo']])
})

test.run()
