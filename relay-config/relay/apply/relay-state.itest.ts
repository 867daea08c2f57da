import { access, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { startProgram } from '../../../testbed/run-program.ts'
import { scratchDirectory } from '../../../testbed/scratch.ts'
import { suite } from '../../../testbed/suite.ts'
import { takeLock } from './relay-state.ts'

const test = suite('the lock of a relay')

test('only a running apply or remove holds it', async context => {
  const path = join(await scratchDirectory(context), 'lock')
  const living = async (...args: string[]) => {
    const program = startProgram(process.execPath, ['-e', 'console.log("up"); setInterval(() => {}, 1e6)', ...args])
    context.cleanup(() => program.stop(0))
    await program.says(/up/)
    await writeFile(path, `${program.pid}\n`)
    return program
  }
  for (const command of ['apply', 'remove']) {
    const program = await living('oobm-relay', command, '--all')
    await takeLock(path).then(
      () => assert.unreachable(),
      err => assert.match(err.message, `another oobm-relay (process ${program.pid}) is changing this relay`),
    )
    assert.is(await readFile(path, 'utf8'), `${program.pid}\n`)
    await program.stop(0)
    await (await takeLock(path))()
  }
  // Another program has been given its number since; or nobody has; or a power cut left it empty.
  await living('applying', 'removed')
  for (const text of [undefined, '4194305\n', '', 'x']) {
    if (text !== undefined) await writeFile(path, text)
    const release = await takeLock(path)
    assert.is(await readFile(path, 'utf8'), `${process.pid}\n`)
    await release()
    assert.not(
      await access(path).then(
        () => true,
        () => false,
      ),
    )
  }
})

test.run()
