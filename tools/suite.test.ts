import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import * as assert from 'uvu/assert'
import { suite } from './suite.ts'

const test = suite('suite')

/** Runs the runner on a folder `tools/…` with one test file of this body, and returns what it says. */
function runnerOn(body: string): { status: number | null; output: string } {
  const folder = mkdtempSync(join(import.meta.dirname, 'fixture-'))
  try {
    const imports = `import { suite } from '${pathToFileURL(join(import.meta.dirname, 'suite.ts'))}'\nconst test = suite('inner')\n`
    writeFileSync(join(folder, 'inner.test.ts'), imports + body)
    const { status, stdout } = spawnSync(
      process.execPath,
      ['--import', 'tsx', join(import.meta.dirname, 'run-tests.ts'), folder.slice(folder.indexOf('tools/'))],
      { encoding: 'utf8', cwd: join(import.meta.dirname, '..') },
    )
    return { status, output: stdout }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

test('passes a file whose tests pass', () => {
  const { status, output } = runnerOn(`test('one', () => {})\ntest.run()\n`)
  assert.is(status, 0, output)
  assert.match(output, '1 passed, 0 failed')
})

test('fails a file that forgets to run its tests', () => {
  const { status, output } = runnerOn(`test('one', () => {})\n`)
  assert.is(status, 1)
  assert.match(output, 'test.run() is missing')
})

test('fails a test that throws, and one whose cleanup throws', () => {
  const { status, output } = runnerOn(
    `test('one', () => { throw new Error('no') })
     test('two', c => c.cleanup(() => { throw new Error('left behind') }))
     test('three', () => {})
     test.run()\n`,
  )
  assert.is(status, 1)
  assert.match(output, '1 passed, 2 failed')
})

test('ends a test that hangs, and goes on with the next', () => {
  const { status, output } = runnerOn(
    `test('one', () => new Promise(() => {}), { timeoutMs: 50 })\ntest('two', () => {})\ntest.run()\n`,
  )
  assert.is(status, 1)
  assert.match(output, 'did not end within 50 ms')
  assert.match(output, '1 passed, 1 failed')
})

test('fails a file that leaves a handle open', () => {
  const { status, output } = runnerOn(`test('one', () => { setInterval(() => {}, 1000) })\ntest.run()\n`)
  assert.is(status, 1)
  assert.match(output, /left open after the last test: .*Timeout/)
})

test('fails a file that dies in the middle', () => {
  const { status, output } = runnerOn(`test('one', () => process.exit(0))\ntest('two', () => {})\ntest.run()\n`)
  assert.is(status, 1)
  assert.match(output, 'declared 2 tests and ran 0')
})

test('shows a skipped test with its reason', () => {
  const { status, output } = runnerOn(`test('one', () => {})\ntest.skip('two', 'needs root')\ntest.run()\n`)
  assert.is(status, 0)
  assert.match(output, 'two (needs root)')
  assert.match(output, '1 passed, 0 failed, 1 skipped')
})

test.run()
