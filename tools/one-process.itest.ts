import { spawnSync } from 'node:child_process'
import * as assert from 'uvu/assert'
import { suite } from '../testbed/suite.ts'
import { runnerOn } from './testing/runner-on.ts'

const test = suite('files that share a process')

const PASSES = `test('passes', () => {})\ntest.run()\n`
const SAY_PROCESS = `test('one', () => console.log('ran in ' + process.pid))\ntest.run()\n`

/** What the runner says of one file: its line, and what follows up to the next file's. */
function partOf(output: string, name: string): string {
  const parts = output.split(/^(?=ok {3}|FAIL )/m)
  return parts.filter(part => part.split('\n')[0]?.includes(`/${name}.`)).join('')
}

test('unit tests do, however long they take together, and all others have a process of their own', async () => {
  const names = ['a.test.ts', 'b.test.ts', 'c.itest.ts', 'd.itest.ts']
  const files = Object.fromEntries(names.map(name => [name, SAY_PROCESS]))
  // Longer than the process may live on after the last test of one file.
  files['b.test.ts'] = `test('long', () => new Promise(r => setTimeout(r, 5_500)))\n${SAY_PROCESS}`
  const { status, output } = await runnerOn(files, ['--verbose'])
  assert.is(status, 0, output)
  const pids = ['a', 'b', 'c', 'd'].map(name => /ran in (\d+)/.exec(partOf(output, name))?.[1])
  assert.is(pids[0], pids[1])
  assert.is(new Set(pids).size, 3)
  // What uvu prints of a test that it takes for the name of a file.
  assert.not.match(output, 'native code')
})

test('whatever goes wrong in one is said with its name, and all others run', async () => {
  const wrong: Record<string, [body: string, said: RegExp]> = {
    fails: [`test('one', () => { throw new Error('the reason') })\ntest.run()`, /the reason/],
    hangs: [`test('one', () => new Promise(() => {}), { timeoutMs: 50 })\ntest.run()`, /did not end within 50 ms/],
    // Its own limit is over before it begins, and so is most of the time to undo things.
    computes: [
      `test('one', () => { for (;;); }, { timeoutMs: -18_000 })\ntest.run()`,
      /killed: it did not end in its time, in "one"/,
    ],
    throws: [`throw new Error('the reason')`, /the reason[\s\S]*test\.run\(\) is missing/],
    waits: [`await new Promise(() => {})\ntest.run()`, /waits\.test\.ts: what it awaits at its top level never comes/],
    rejects: [
      `test('one', () => { setTimeout(() => Promise.reject(new Error('the reason')), 20) })\ntest.run()`,
      /the reason[\s\S]*exit 1 although its tests passed/,
    ],
    ends: [`test('one', () => process.exit(0))\ntest.run()`, /ended \(exit 1\) in "one"/],
    endslater: [
      `test('one', () => { setTimeout(() => process.exit(0), 20) })\ntest.run()`,
      /something called process\.exit\(\) after its last test/,
    ],
    spoils: [
      `test('one', () => { setTimeout(() => { process.exitCode = 3 }, 20) })\ntest.run()`,
      /exit 3 although its tests passed/,
    ],
    stays: [
      `test('one', () => { setInterval(() => {}, 1000) })\ntest.run()`,
      /left open after the last test: .*Timeout/,
    ],
    empty: ['', /wrote no report \(exit 0\)/],
    declares: [`test.run()`, /declares no test/],
    forgets: [`test('one', () => {})`, /test\.run\(\) is missing/],
  }
  const files = Object.fromEntries(Object.entries(wrong).map(([name, [body]]) => [`${name}.test.ts`, `${body}\n`]))
  const { status, output } = await runnerOn({
    ...files,
    'aa.test.ts': PASSES,
    'kk.test.ts': PASSES,
    'zz.test.ts': PASSES,
  })
  assert.is(status, 1)
  for (const [name, [, said]] of Object.entries(wrong)) {
    assert.match(partOf(output, name), /^FAIL /, name)
    assert.match(partOf(output, name), said, name)
  }
  for (const name of ['aa', 'kk', 'zz']) assert.match(partOf(output, name), /^ok /, name)
  assert.match(output, `${Object.keys(wrong).length + 3} files`)
})

test('each that is not done in the time for all of them is named', async () => {
  const waits = `test('one', () => new Promise(r => setTimeout(r, 90_000)))\ntest.run()\n`
  const files = {
    'a.test.ts': PASSES,
    'b.test.ts': waits,
    'c.test.ts': PASSES,
    'd.itest.ts': waits,
    'e.itest.ts': PASSES,
  }
  const { status, output } = await runnerOn(files, ['--run-limit', '6', '--jobs', '2'])
  assert.is(status, 1)
  assert.match(partOf(output, 'a'), /^ok /)
  for (const name of ['b', 'c', 'd', 'e']) assert.match(partOf(output, name), 'not done after 6 s of the whole run')
})

test('what one changes for the next fails it, and the next finds all as it was', async () => {
  const changes = {
    a: [`process.chdir('/')`, 'process.chdir()'],
    b: [`process.env.LEFT = 'x'`, 'process.env.LEFT'],
    c: [`delete process.env.PATH`, 'process.env.PATH'],
    d: [`globalThis.setTimeout = Object.assign(setTimeout.bind(null), { left: true })`, 'globalThis.setTimeout'],
    e: [`process.on('unhandledRejection', () => {})`, `process.on('unhandledRejection')`],
  }
  const files = Object.entries(changes).map(([name, [body]]) => [
    `${name}.test.ts`,
    `test('one', () => { ${body} })\ntest.run()\n`,
  ])
  const { status, output } = await runnerOn({
    ...Object.fromEntries(files),
    'z.test.ts': `test('finds all as it was', () => {
      const listeners = process.listenerCount('unhandledRejection')
      const { LEFT, PATH } = process.env
      if (process.cwd() === '/' || LEFT || !PATH || setTimeout.left || listeners > 0) throw new Error('something is left')
    })\ntest.run()\n`,
  })
  assert.is(status, 1)
  for (const [name, [, said]] of Object.entries(changes)) {
    assert.ok(partOf(output, name).includes(`: changed for the files after it: ${said}\n`), `${name}: ${output}`)
  }
  assert.match(partOf(output, 'z'), /^ok /)
})

test('a process that one leaves behind is ended, and the file is named', async context => {
  const seconds = (way: number) => `310${way}.${process.pid}`
  context.cleanup(() => void spawnSync('pkill', ['-f', `^sleep 310[0-9].${process.pid}$`]))
  const spawning = (command: string, args: string[]) =>
    `import { spawn } from 'node:child_process'
     test('one', () => { spawn('${command}', ${JSON.stringify(args)}, { stdio: 'ignore' }).unref() })
     test.run()\n`
  const { status, output } = await runnerOn({
    'a.test.ts': spawning('sleep', [seconds(1)]),
    'b.test.ts': spawning('setsid', ['--fork', 'sleep', seconds(2)]),
    'c.test.ts': spawning('env', ['-i', 'setsid', 'sleep', seconds(3)]),
    'z.test.ts': PASSES,
  })
  assert.is(status, 1)
  for (const [way, name] of ['a', 'b', 'c'].entries()) {
    assert.match(partOf(output, name), new RegExp(`left behind, and killed: .*sleep ${seconds(way + 1)} `), output)
  }
  assert.match(partOf(output, 'z'), /^ok /)
  assert.match(output, '4 files')
  assert.is(spawnSync('pgrep', ['-f', `^sleep 310[0-9].${process.pid}$`], { encoding: 'utf8' }).stdout, '')
})

test('of random cases there is a sample where unit tests alone run', async () => {
  const body = `test('one', () => console.log(randomCases(1000, 10) + ' cases'))\ntest.run()\n`
  const [all, unit] = await Promise.all([runnerOn(body, ['--verbose']), runnerOn(body, ['--verbose', '--unit'])])
  assert.match(all.output, '1000 cases')
  assert.match(unit.output, /^.* 10 cases/m)
})

test.run()
