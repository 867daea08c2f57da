import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { runProgram } from '../testbed/run-program.ts'
import { suite } from '../testbed/suite.ts'
import { runnerOn } from './testing/runner-on.ts'

const test = suite('suite')

test('passes a file whose tests pass', async () => {
  const { status, output } = await runnerOn(`test('one', () => {})\ntest.run()\n`)
  assert.is(status, 0, output)
  assert.match(output, '1 passed, 0 failed')
})

test('fails a file that forgets to run its tests', async () => {
  const { status, output } = await runnerOn(`test('one', () => {})\n`)
  assert.is(status, 1)
  assert.match(output, 'test.run() is missing')
})

test('fails a test that throws, and one whose cleanup throws', async () => {
  const { status, output } = await runnerOn(
    `test('one', () => { throw new Error('no') })
     test('two', c => c.cleanup(() => { throw new Error('left behind') }))
     test('three', () => {})
     test.run()\n`,
  )
  assert.is(status, 1)
  assert.match(output, '1 passed, 2 failed')
})

test('ends a test that hangs, and goes on with the next', async () => {
  const { status, output } = await runnerOn(
    `test('one', () => new Promise(() => {}), { timeoutMs: 50 })\ntest('two', () => {})\ntest.run()\n`,
  )
  assert.is(status, 1)
  assert.match(output, 'did not end within 50 ms')
  assert.match(output, '1 passed, 1 failed')
})

test('fails a file that leaves a handle open', async () => {
  const { status, output } = await runnerOn(`test('one', () => { setInterval(() => {}, 1000) })\ntest.run()\n`)
  assert.is(status, 1)
  assert.match(output, /left open after the last test: .*Timeout/)
})

test('fails a file that dies in the middle', async () => {
  const { status, output } = await runnerOn(`test('one', () => process.exit(0))\ntest('two', () => {})\ntest.run()\n`)
  assert.is(status, 1)
  assert.match(output, 'ended (exit 1) in "one"')
})

test('fails a file that something ends after its last test, however well it ends', async () => {
  const runs = await Promise.all(
    ['setTimeout(() => process.exit(0), 20)', 'setImmediate(() => process.exit())'].map(end =>
      runnerOn(`test('one', () => { ${end}; setTimeout(() => { throw 1 }, 40) })\ntest.run()\n`),
    ),
  )
  for (const { status, output } of runs) {
    assert.is(status, 1, output)
    assert.match(output, 'something called process.exit() after its last test')
  }
  const { status, output } = await runnerOn(
    `test('one', () => { setTimeout(() => { throw new Error('x') }, 20) })\ntest.run()\n`,
  )
  assert.is(status, 1)
  assert.match(output, 'exit 1 although its tests passed')
})

test('says why a test failed, whatever is wrong with its text for the log', async () => {
  const wrong = [
    `() => { throw new Error('x') }`,
    `async () => { throw new Error('x') }`,
    '() => new Promise(() => {})',
  ]
  const runs = wrong.map(describe =>
    runnerOn(
      `test('one', c => { c.onFailure(${describe}); c.onFailure(() => 'second log'); throw new Error('the reason') })\ntest.run()\n`,
    ),
  )
  for (const { status, output } of await Promise.all(runs)) {
    assert.is(status, 1)
    assert.match(output, 'the reason')
    assert.match(output, /no text for the log: Error: (x|the text did not end within 5 s)/)
    assert.match(output, 'second log')
  }
})

test('names the test that does not end, also one that lets nobody else run', async () => {
  const [waits, computes, none] = await Promise.all([
    runnerOn(`test('waits for ever', () => new Promise(r => setTimeout(r, 1e6)), { timeoutMs: 1e6 })\ntest.run()\n`, [
      '--file-limit',
      '10',
    ]),
    // Its own limit is over before it begins, and so is most of the time to undo things.
    runnerOn(`test('computes for ever', () => { for (;;); }, { timeoutMs: -18_000 })\ntest.run()\n`),
    runnerOn(`test('one', () => {})\nawait new Promise(r => setTimeout(r, 1e6))\n`, ['--file-limit', '3']),
  ])
  assert.equal([waits.status, computes.status, none.status], [1, 1, 1])
  assert.match(waits.output, 'killed: not done after 10 s, in "waits for ever"')
  assert.match(computes.output, 'killed: it did not end in its time, in "computes for ever"')
  assert.match(none.output, 'killed: not done after 3 s, in none of its tests')
})

test('names a cleanup that does not end, and undoes the rest', async () => {
  const { status, output } = await runnerOn(
    `test('one', context => {
      context.cleanup(() => console.log('undone'))
      context.cleanup(() => new Promise(() => setInterval(() => {}, 1e6)))
    })\ntest.run()\n`,
  )
  assert.is(status, 1, output)
  assert.match(output, /a cleanup \(\(\) ?=> ?new Promise.* did not end within 15 s/)
  assert.match(output, 'undone')
})

test('reports every process that is left behind, and ends it', async context => {
  // Each sleeps a time of its own, by which it is known.
  const seconds = (way: number) => `300${way}.${process.pid}`
  context.cleanup(() => runProgram('pkill', ['-f', `^sleep 300[0-9].${process.pid}$`]))
  const ways: [how: string, command: string, args: string[], options: string][] = [
    ['in the process group', 'sleep', [seconds(1)], `{ stdio: 'ignore' }`],
    ['in a session of its own', 'setsid', ['sleep', seconds(2)], `{ stdio: 'ignore' }`],
    ['of a parent that is gone', 'setsid', ['--fork', 'sleep', seconds(3)], `{ stdio: 'ignore' }`],
    ['with another environment', 'env', ['-i', 'setsid', 'sleep', seconds(4)], `{ stdio: 'ignore' }`],
    ['that holds the output', 'setsid', ['sleep', seconds(5)], `{ stdio: 'inherit' }`],
  ]
  const runs = ways.map(async ([how, command, args, options]) => {
    const { status, output } = await runnerOn(
      `import { spawn } from 'node:child_process'
       test('one', () => { spawn('${command}', ${JSON.stringify(args)}, ${options}).unref() })
       test.run()\n`,
    )
    const last = args.at(-1)
    assert.is(status, 1, `${how}: ${output}`)
    assert.match(output, new RegExp(`left behind, and killed: (setsid |env |-i |--fork )*sleep ${last} `), how)
    assert.is((await runProgram('pgrep', ['-f', `^sleep ${last}$`])).stdout, '', how)
  })
  await Promise.all(runs)
})

test('lets a process be that ends with its test', async () => {
  const { status, output } = await runnerOn(
    `import { spawn } from 'node:child_process'
     test('one', c => { const child = spawn('setsid', ['sleep', '30'], { stdio: 'ignore' }); c.cleanup(() => child.kill()) })
     test.run()\n`,
  )
  assert.is(status, 0, output)
})

test('shows a skipped test with its reason, and passes none where all must run', async () => {
  const body = `test('one', () => {})\ntest.skip('two', 'needs root')\ntest.run()\n`
  const runs = [
    runnerOn(body),
    runnerOn(body, ['--no-skip']),
    runnerOn(`test('one', () => {})\ntest.run()\n`, ['--no-skip']),
  ]
  const [lenient, strict, whole] = await Promise.all(runs)
  assert.equal([lenient?.status, strict?.status, whole?.status], [0, 1, 0])
  for (const run of [lenient, strict]) assert.match(run?.output ?? '', 'two (needs root)')
  assert.match(lenient?.output ?? '', '1 passed, 0 failed, 1 skipped')
  assert.match(strict?.output ?? '', 'nothing may be skipped here')
})

test('skips nothing without a reason', async () => {
  const { status, output } = await runnerOn(`test('one', () => {})\ntest.skip('two', ' ')\ntest.run()\n`)
  assert.is(status, 1)
  assert.match(output, '"two" is skipped without a reason')
})

test('runs nothing when a part of a name matches no file', async () => {
  const { status, output } = await runnerOn(`test('one', () => {})\ntest.run()\n`, ['no-such-file-anywhere'])
  assert.is(status, 1)
  assert.match(output, 'no test file matches "no-such-file-anywhere"')
  assert.not.match(output, 'passed')
})

/** Fails when a file beside it says so, and then no more. */
const FAILS_ONCE = (path: string) =>
  `import { existsSync, writeFileSync } from 'node:fs'
   test('once', () => { if (!existsSync('${path}')) { writeFileSync('${path}', ''); throw new Error('the machine was busy') } })
   test.run()\n`

test('with --alone runs a file once more that failed, and says what it was', async context => {
  const folder = mkdtempSync(join(tmpdir(), 'oobm-alone-'))
  context.cleanup(() => rmSync(folder, { recursive: true }))
  const body = FAILS_ONCE(join(folder, 'failed'))
  const { status, output } = await runnerOn({ 'inner.itest.ts': body }, ['--alone'])
  assert.is(status, 0, output)
  assert.match(
    output,
    /failed beside other files, passed alone: \S+inner\.itest\.ts\n.*FAIL.*"once"\n.*the machine was busy/s,
  )
  assert.match(output, '1 passed, 0 failed')
  rmSync(join(folder, 'failed'))
  const without = await runnerOn({ 'inner.itest.ts': body })
  assert.is(without.status, 1)
  assert.match(without.output, /\nfailed: \S+inner\.itest\.ts\n.*FAIL.*"once"\n.*the machine was busy/s)
})

test('with --alone a file that fails twice fails, and many failures or one of a unit test are not tried again', async () => {
  const fails = `test('one', () => { throw new Error('always') })\ntest.run()\n`
  const twice = await runnerOn({ 'inner.itest.ts': fails }, ['--alone'])
  assert.is(twice.status, 1)
  assert.match(twice.output, 'once more, alone')
  assert.not.match(twice.output, 'passed alone')
  assert.match(twice.output, '0 passed, 1 failed')
  const many = Object.fromEntries(Array.from({ length: 6 }, (_, index) => [`many-${index}.itest.ts`, fails]))
  for (const files of [many, { 'inner.test.ts': fails, 'inner.itest.ts': fails }]) {
    const { status, output } = await runnerOn(files, ['--alone'])
    assert.is(status, 1)
    assert.not.match(output, 'once more')
  }
})

test.run()
