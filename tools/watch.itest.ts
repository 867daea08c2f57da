import { existsSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { startProgram } from '../testbed/run-program.ts'
import { suite } from '../testbed/suite.ts'
import { waitFor } from '../testbed/wait-for.ts'
import { makeFixture, ROOT, RUNNER } from './testing/runner-on.ts'

const test = suite('tests at each change')

const failing = (text: string) => `test('one', () => { throw new Error('${text}') })\ntest.run()\n`

test('run again, also when the change comes while they run, until Ctrl-C', async context => {
  const fixture = makeFixture({ 'inner.test.ts': failing('the first') })
  context.cleanup(fixture.remove)
  const runner = startProgram(process.execPath, [...RUNNER, '--unit', '--watch', fixture.folder], { cwd: ROOT })
  context.cleanup(() => runner.stop())
  context.onFailure(runner.output)
  await runner.says(/the first[\s\S]*waiting for a change/, 60_000)

  const begun = join(ROOT, fixture.folder, '.begun')
  fixture.write(
    'inner.test.ts',
    `import { writeFileSync } from 'node:fs'
     test('one', () => { writeFileSync('${begun}', ''); return new Promise(r => setTimeout(r, 90_000)) })
     test.run()\n`,
  )
  await waitFor('the second run', () => existsSync(begun), { timeoutMs: 60_000 })
  fixture.write('inner.test.ts', failing('the third'))
  await runner.says(/the third[\s\S]*waiting for a change/, 60_000)

  runner.child.kill('SIGINT')
  await runner.says(/stopped by SIGINT/)
  await waitFor('its end', runner.ended)
  assert.is(runner.child.exitCode, 130)
  // Other tests change files of this tree meanwhile: there may be more runs.
  assert.ok((runner.output().match(/^a file changed$/gm)?.length ?? 0) >= 2)
})

test.run()
