import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { isProvedReachable, STATE_NAMES, STATES } from '../formats/states.ts'
import { runProgram } from '../testbed/run-program.ts'
import { scratchDirectory } from '../testbed/scratch.ts'
import { suite } from '../testbed/suite.ts'
import { oobmPage } from './device-pages.ts'
import { tomlPage } from './toml-page.ts'

const test = suite('the man pages of the device')
const ROOT = join(import.meta.dirname, '..')
const DATE = new Date('2026-11-02')

const source = (path: string) => readFile(join(ROOT, path), 'utf8')

test('mandoc finds nothing wrong in them, and every state and every key is there', async context => {
  const folder = await scratchDirectory(context)
  const shown: Record<string, string> = {}
  const pages = { 'oobm.1': oobmPage(await source('man/oobm.1'), DATE), 'oobm.toml.5': await tomlText() }
  for (const [name, text] of Object.entries(pages)) {
    const file = join(folder, name)
    await writeFile(file, text)
    const lint = await runProgram('mandoc', ['-Tlint', '-Wwarning', file])
    assert.is(lint.stdout + lint.stderr, '')
    shown[name] = (await runProgram('mandoc', ['-Tutf8', '-Owidth=200', file])).stdout.replace(/.\x08/g, '')
    assert.not.match(shown[name], /@[A-Za-z.]+@|undefined/)
    assert.match(shown[name], /November 2, 2026/)
  }
  const states = STATE_NAMES.map(state => `     ${state} (${STATES[state].looks})\n`)
  for (const state of states) assert.ok(shown['oobm.1']?.includes(state), state)
  // The page says of the last three that somebody can get in.
  assert.equal(STATE_NAMES.filter(isProvedReachable), STATE_NAMES.slice(-3))
  assert.match(shown['oobm.toml.5'] ?? '', /\n +pin \(0 to 53; default 17\)\n/)
  assert.match(
    shown['oobm.toml.5'] ?? '',
    / keepalive_s \(1 to 86400 s; default 15, or 60 with the profile cellular\)\n/,
  )
})

async function tomlText(): Promise<string> {
  return tomlPage(await source('man/oobm.toml.5'), DATE)
}

test.run()
