/** A program that starts with its code cache, and with what it must not trust. */
import { cp, mkdir, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { runProgram } from '../testbed/run-program.ts'
import { scratchDirectory } from '../testbed/scratch.ts'
import { suite, type TestContext } from '../testbed/suite.ts'

const test = suite('code cache')
const BUILD = join(import.meta.dirname, '../build/lib')
const ID = 'a'.repeat(64)

/** The word is said by a function that runs late, so that it comes from the cache where there is one. */
function sourceOf(word: string, id = ID): string {
  return `/* ${id} */\n"use strict";
function word() { return '${word}' }
word()
if (process.argv[2] === 'fail') process.exitCode = 7
process.once('exit', () => console.log(word(), process.argv[1] === __filename, typeof require('node:fs').open, ...process.argv.slice(2)))
`
}

async function folderWith(context: TestContext, source: string) {
  const folder = await scratchDirectory(context)
  for (const name of ['start', 'make-code-cache']) await cp(join(BUILD, `${name}.cjs`), join(folder, `${name}.cjs`))
  const program = join(folder, 'oobm.cjs')
  await writeFile(program, source)
  const start = (...args: string[]) => runProgram(process.execPath, [...args, join(folder, 'start.cjs'), 'oobm'])
  const make = () => runProgram(process.execPath, [join(folder, 'make-code-cache.cjs')])
  const caches = async () => (await readdir(join(folder, 'code-cache'))).map(name => join(folder, 'code-cache', name))
  return { folder, program, start, make, caches }
}

test('a program runs as without it: its name, arguments, exit code and own require', async context => {
  const { folder, make } = await folderWith(context, sourceOf('first'))
  const run = () => runProgram(process.execPath, [join(folder, 'start.cjs'), 'oobm', 'fail', '--make-code-cache'])
  const expected = { code: 7, signal: null, stdout: 'first true function fail --make-code-cache\n', stderr: '' }
  assert.equal(await run(), expected)
  assert.equal(await make(), { code: 0, signal: null, stdout: '', stderr: '' })
  assert.equal(await run(), expected)
})

test('the cache is what runs: V8 itself would not see another source of the same length', async context => {
  const { program, start, make } = await folderWith(context, sourceOf('first'))
  await make()
  await writeFile(program, sourceOf('other'))
  assert.match((await start()).stdout, /^first /)
  await writeFile(program, sourceOf('other', 'b'.repeat(64)))
  assert.match((await start()).stdout, /^other /)
})

test('a cache that is damaged, foreign or not readable is ignored without a word', async context => {
  const { program, start, make, caches } = await folderWith(context, sourceOf('first'))
  await make()
  const [cache = ''] = await caches()
  const good = await readFile(cache)
  await writeFile(program, sourceOf('other'))
  const flipped = (at: number) => {
    const bytes = Buffer.from(good)
    bytes[at] = (bytes[at] ?? 0) ^ 0x10
    return bytes
  }
  const damages: Record<string, () => Promise<unknown>> = {
    'cut short': () => truncate(cache, good.length - 100),
    empty: () => truncate(cache, 0),
    'shorter than its checksum': () => writeFile(cache, 'ab'),
    zeros: () => writeFile(cache, Buffer.alloc(good.length)),
    'a bit of the checksum': () => writeFile(cache, flipped(1)),
    'a bit of the header': () => writeFile(cache, flipped(9)),
    'a bit in the middle': () => writeFile(cache, flipped(good.length >> 1)),
    'the last bit': () => writeFile(cache, flipped(good.length - 1)),
    'a folder': async () => {
      await rm(cache)
      await mkdir(cache)
    },
  }
  for (const [damage, apply] of Object.entries(damages)) {
    await apply()
    const { code, stdout, stderr } = await start()
    assert.equal([code, stdout, stderr], [0, 'other true function\n', ''], damage)
    await rm(cache, { recursive: true, force: true })
    await writeFile(cache, good)
  }
  assert.match((await start()).stdout, /^first /, 'the good one')
  // Other flags of V8 mean other code.
  assert.match((await start('--no-lazy')).stdout, /^other /, 'made with other flags')
})

test('makes the same bytes each time, for everybody to read, and removes those of an older program', async context => {
  const { program, make, caches } = await folderWith(context, sourceOf('first'))
  await make()
  const [cache = ''] = await caches()
  const first = await readFile(cache)
  await make()
  assert.ok(first.equals(await readFile(cache)))
  assert.is((await stat(cache)).mode & 0o777, 0o644)
  await writeFile(program, sourceOf('other', 'b'.repeat(64)))
  await make()
  const now = await caches()
  assert.is(now.length, 1)
  assert.is.not(now[0], cache)
})

test('says when it cannot be made, and the program starts all the same', async context => {
  const { folder, program, start, make } = await folderWith(context, sourceOf('first').slice(ID.length + 7))
  const made = await make()
  assert.match(made.stderr, /no code cache for oobm/)
  assert.is(made.code, 1)
  assert.match((await start()).stdout, /^first /)
  await writeFile(program, sourceOf('first'))
  await writeFile(join(folder, 'code-cache'), 'in the way')
  assert.is((await make()).code, 1)
  assert.match((await start()).stdout, /^first /)
})

test('every program of ours begins with what it is', async () => {
  for (const name of ['oobm', 'oobm-supervisor', 'oobm-console'])
    assert.match(
      (await readFile(join(BUILD, `${name}.cjs`), 'utf8')).slice(0, 100),
      /^\/\* [0-9a-f]{64} \*\/\n"use strict"/,
    )
})

test.run()
