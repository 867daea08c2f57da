/** How a program ends: in order, by a defect, and when nothing is left to do. */
import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { hangUp } from '../testbed/hang-up.ts'
import { runProgram } from '../testbed/run-program.ts'
import { scratchDirectory } from '../testbed/scratch.ts'
import { suite } from '../testbed/suite.ts'
import { EXIT } from './errors.ts'

const test = suite('run-main')
const RUNTIME = import.meta.dirname

/** Runs TypeScript that has `runMain` and what else a program has. */
function run(script: string, env: NodeJS.ProcessEnv = {}) {
  const text = `
    import { existsSync, openSync, rmSync, writeFileSync } from 'node:fs'
    import { setTimeout as delay } from 'node:timers/promises'
    import { runMain } from '${RUNTIME}/run-main.ts'
    import { UserError, EXIT } from '${RUNTIME}/errors.ts'
    import { systemClock } from '${RUNTIME}/clock.ts'
    import { watchDescriptors } from '${RUNTIME}/descriptors.ts'
    process.argv[1] = '/usr/lib/oobm/lib/oobm-supervisor.cjs'
    const untilAborted = signal => new Promise(resolve => signal.addEventListener('abort', resolve))
    ${script}`
  const args = ['--import', 'tsx', '--input-type=module', '-e', text]
  // A system's own limit may be half a million: filling that takes longer than a test.
  const limited = ['--nofile=1024:1024', process.execPath, ...args]
  // Behind a shell, for what standard output may be.
  const line = `set -o pipefail; prlimit "$@" ${env.OUTPUT ?? ''}`
  return runProgram('bash', ['-c', line, '-', ...limited], { cwd: join(RUNTIME, '..'), env, timeoutMs: 60_000 })
}

test('exits with what main returns', async () => {
  assert.is((await run('void runMain(async () => 0)')).code, EXIT.ok)
  assert.is((await run('void runMain(async () => 78)')).code, EXIT.configuration)
  const refused = await run("void runMain(async () => { throw new UserError('no such relay', EXIT.unavailable) })")
  assert.equal([refused.code, refused.stderr], [EXIT.unavailable, 'no such relay\n'])
})

test('says a refusal of the system in one line', async () => {
  const { code, stderr } = await run("void runMain(async () => void openSync('/no/such/file'))")
  assert.equal(
    [code, stderr],
    [EXIT.failed, 'oobm-supervisor: cannot open /no/such/file: no such file or directory (ENOENT)\n'],
  )
  const folder = await run("void runMain(async () => void writeFileSync('/tmp', 'x'))")
  const line = 'cannot open /tmp: illegal operation on a directory (EISDIR); a folder stands where a file is expected'
  assert.equal([folder.code, folder.stderr], [EXIT.failed, `oobm-supervisor: ${line}\n`])
})

test('keeps the stack of a defect in a file that only this user reads, and says which', async context => {
  const state = await scratchDirectory(context)
  const script = "void runMain(async () => { throw new TypeError('x', { cause: new Error('why') }) })"
  const { code, stderr } = await run(script, { STATE_DIRECTORY: state })
  const [file = ''] = await readdir(state)
  assert.is(code, EXIT.software)
  const path = join(state, file)
  assert.is(stderr, `oobm-supervisor: TypeError: x; Error: why (a defect; please report it with ${path})\n`)
  assert.is((await stat(path)).mode & 0o777, 0o600)
  assert.match(
    await readFile(path, 'utf8'),
    /^oobm-supervisor \d[\s\S]*TypeError: x\n +at [\s\S]*\[cause\]: Error: why\n +at /,
  )
  const nowhere = await run(script, { STATE_DIRECTORY: '/nowhere' })
  assert.is(nowhere.stderr, 'oobm-supervisor: TypeError: x; Error: why (a defect; OOBM_LOG_LEVEL=debug shows where)\n')
})

test('a wrong call is a defect, though Node.js gives its error a code', async context => {
  const { code, stderr } = await run('void runMain(async () => void openSync(7n))', {
    STATE_DIRECTORY: await scratchDirectory(context),
  })
  assert.is(code, EXIT.software)
  assert.match(stderr, /^oobm-supervisor: TypeError: .*\(a defect; please report it with .*\.log\)\n$/)
})

test('work that Ctrl-C interrupts is said to be', async () => {
  const { code, stderr } = await run(`void runMain(async signal => {
    setTimeout(() => process.kill(process.pid, 'SIGINT'))
    await delay(60_000, undefined, { signal })
    return 0
  })`)
  assert.equal([code, stderr], [EXIT.failed, 'oobm-supervisor: interrupted\n'])
})

test('a reader that goes away cuts nothing short, and a full disk behind standard output is no success', async context => {
  const done = join(await scratchDirectory(context), 'done')
  const script = `void runMain(async () => {
    for (let n = 0; n < 20; n++) {
      console.log('x'.repeat(70_000))
      await delay(5)
    }
    writeFileSync(process.env.DONE, 'yes')
    return 0
  })`
  const closed = await run(script, { DONE: done, OUTPUT: '| true' })
  assert.equal([closed.code, closed.stderr], [EXIT.ok, ''])
  assert.is(await readFile(done, 'utf8'), 'yes')
  const full = await run(script, { DONE: `${done}2`, OUTPUT: '>/dev/full' })
  assert.is(full.code, EXIT.failed)
  assert.match(
    full.stderr,
    /^oobm-supervisor: cannot write standard output: no space left on device \(ENOSPC\)[^\n]*\n$/,
  )
  assert.is(await readFile(`${done}2`, 'utf8'), 'yes')
})

for (const [title, defect] of [
  [
    'an uncaught exception',
    "setTimeout(() => { throw new TypeError('x is not a\\nfunction', { cause: new Error('why') }) })",
  ],
  [
    'an unhandled rejection',
    "void Promise.reject(new TypeError('x is not a\\nfunction', { cause: new Error('why') }))",
  ],
] as const) {
  test(`${title} lets main clean up, and is said in one line with its cause`, async context => {
    const folder = await scratchDirectory(context)
    const script = `
      const file = '${folder}/status.json'
      void runMain(async signal => {
        writeFileSync(file, 'ready')
        ${defect}
        await untilAborted(signal)
        await delay(200)
        rmSync(file)
        return 0
      }, { onDefect: err => process.stdout.write(err.stack) })`
    const { code, stdout, stderr } = await run(script)
    assert.is(code, EXIT.software)
    const hint = '(a defect; OOBM_LOG_LEVEL=debug shows where)'
    assert.is(stderr, `oobm-supervisor: TypeError: x is not a; function; Error: why ${hint}\n`)
    assert.match(stdout, /^TypeError: x is not a\nfunction\n +at /)
    assert.equal(await readdir(folder), [])
    const debugged = await run(script, { OOBM_LOG_LEVEL: 'debug' })
    assert.match(debugged.stderr, /^oobm-supervisor: .*\nTypeError: x is not a\nfunction\n +at /)
  })
}

test('a main that does not end after a defect is ended, with the defect’s code', async context => {
  const script = `
    void runMain(async () => {
      setTimeout(() => { throw new Error('first') })
      setTimeout(() => { throw new Error('second') }, 50)
      setInterval(() => {}, 1000)
      await new Promise(() => {})
      return 0
    })`
  const { code } = await run(script, { TMPDIR: await scratchDirectory(context) })
  assert.is(code, EXIT.software)
})

test('a loop that runs empty before main has an answer is no success', async () => {
  assert.is((await run('void runMain(() => new Promise(() => {}))')).code, EXIT.failed)
})

test('out of descriptors for ten seconds: says what is open, and has some for the cleaning up', async context => {
  const file = join(await scratchDirectory(context), 'status.json')
  const startedMs = performance.now()
  const { code, stderr } = await run(`
    void runMain(async signal => {
      writeFileSync('${file}', 'ready')
      const full = new Promise((_, reject) => {
        void watchDescriptors(systemClock, signal, cause => reject(new UserError(cause, EXIT.software)))
      })
      const taken = []
      const fill = () => { try { for (;;) taken.push(openSync('/etc/hostname')) } catch (err) { if (err.code !== 'EMFILE') throw err } }
      fill()
      try {
        await full
      } finally {
        writeFileSync('${file}', 'off')
      }
    })`)
  assert.is(code, EXIT.software, stderr)
  assert.match(stderr, /^no file descriptor is left on this process \(EMFILE\): \d+ of \d+ are open here, \d+ files, /)
  assert.ok(performance.now() - startedMs > 10_000)
})

test('a heartbeat needs no descriptor', async () => {
  const { code, stdout, stderr } = await run(`
    const { heartbeatNow } = await import('${RUNTIME}/boot-clock.ts')
    void runMain(async () => {
      const before = heartbeatNow()
      const taken = []
      try { for (;;) taken.push(openSync('/dev/null')) } catch {}
      const { bootId, uptimeMs } = heartbeatNow()
      process.stdout.write(String(bootId === before.bootId && Math.abs(uptimeMs - before.uptimeMs) < 2_500))
      return 0
    })`)
  assert.equal([code, stdout], [EXIT.ok, 'true'], stderr)
})

test('a burst that is over sooner ends nothing', async () => {
  const { code, stderr } = await run(`
    void runMain(async () => {
      let isFull = false
      const over = new AbortController()
      const watched = watchDescriptors(systemClock, over.signal, () => { isFull = true })
      const { closeSync } = await import('node:fs')
      const taken = []
      for (let burst = 0; burst < 2; burst++) {
        try { for (;;) taken.push(openSync('/dev/null')) } catch {}
        await delay(7_000)
        for (const one of taken.splice(0)) closeSync(one)
        await delay(2_500)
      }
      over.abort()
      await watched
      return isFull ? 1 : 0
    })`)
  assert.is(code, EXIT.ok, stderr)
})

test('a program whose terminal goes away dies by SIGHUP, after its cleanup', async context => {
  const folder = await scratchDirectory(context)
  const mains = {
    waits: 'await untilAborted(signal)',
    'reads to the end':
      "await new Promise(resolve => process.stdin.on('data', () => {}).on('end', resolve).on('error', resolve))",
    'takes its time': 'await untilAborted(signal); await delay(300)',
    'fails then': "await untilAborted(signal); throw new TypeError('x')",
  }
  for (const [name, waits] of Object.entries(mains)) {
    const mark = join(folder, name)
    const script = `
      import { writeFileSync } from 'node:fs'
      import { setTimeout as delay } from 'node:timers/promises'
      import { runMain } from '${RUNTIME}/run-main.ts'
      const untilAborted = signal => new Promise(resolve => signal.addEventListener('abort', resolve))
      void runMain(async signal => {
        process.on('exit', () => writeFileSync('${mark}, at exit', ''))
        process.stdin.setRawMode(true)
        process.stdout.write('go')
        setInterval(() => {}, 1000)
        try {
          ${waits}
        } finally {
          writeFileSync('${mark}', '')
        }
        return 0
      })`
    const args = ['--import', 'tsx', '--input-type=module', '-e', script]
    const options = { cwd: join(RUNTIME, '..'), env: { STATE_DIRECTORY: folder } }
    assert.is(await hangUp('go', [process.execPath, ...args], options), 'SIGHUP', name)
    const left = await readdir(folder)
    for (const cleaned of [name, `${name}, at exit`]) assert.ok(left.includes(cleaned), cleaned)
  }
})

test.run()
