import { cpSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { runProgram } from '../testbed/run-program.ts'
import { suite, type TestContext } from '../testbed/suite.ts'

const test = suite('the hook before a commit')
const ROOT = join(import.meta.dirname, '..')
/** As the test that is committed imports it. */
const SUITE = '../../testbed/suite.ts'

/** A clone of this tree, with the hooks as they are now. */
async function makeClone({ cleanup }: TestContext) {
  const clone = mkdtempSync(join(tmpdir(), 'oobm-hooks-'))
  cleanup(() => rmSync(clone, { recursive: true }))
  const run = async (command: string, ...args: string[]) => {
    const { code, stdout, stderr } = await runProgram(command, args, { cwd: clone, timeoutMs: 200_000 })
    return { code, output: stdout + stderr }
  }
  const cloned = await run('git', 'clone', '-q', '--depth', '1', `file://${ROOT}`, '.')
  assert.is(cloned.code, 0, cloned.output)
  cpSync(join(ROOT, 'tools/hooks'), join(clone, 'tools/hooks'), { recursive: true })
  symlinkSync(join(ROOT, 'node_modules'), join(clone, 'node_modules'))
  for (const [name, value] of [
    ['user.name', 'A'],
    ['user.email', 'a@example.net'],
  ] as const)
    await run('git', 'config', name, value)
  await run('git', 'add', 'tools')
  await run('git', 'commit', '-qm', 'tools as they are')
  return {
    run,
    commit: async (file: string, text: string) => {
      writeFileSync(join(clone, file), text)
      await run('git', 'add', file)
      const { code, output } = await run('git', 'commit', '-qm', file)
      if (code !== 0) await run('git', 'rm', '-qf', file)
      return { code, output }
    },
  }
}

test(
  'lets pass what is well, and says what is wrong otherwise; it can be switched off, and leaves others alone',
  async context => {
    const { run, commit } = await makeClone(context)
    await run('git', 'config', 'core.hooksPath', 'elsewhere')
    const [on, off] = [await run('tools/hooks/switch', 'on'), await run('tools/hooks/switch', 'off')]
    assert.match(on.output, 'core.hooksPath is "elsewhere"')
    assert.equal([on.code, off.code], [1, 0])
    assert.is((await run('git', 'config', '--unset', 'core.hooksPath')).code, 0)
    assert.match((await run('tools/hooks/switch', 'on')).output, 'git commit --no-verify')

    const test = (body: string) =>
      `import { suite } from '${SUITE}'\n\nconst test = suite('new')\n\ntest('one', () => ${body})\n\ntest.run()\n`
    const [failing, ugly, untyped, good] = [
      await commit('tools/testing/new.test.ts', test(`{\n  throw new Error('the reason')\n}`)),
      await commit('tools/ugly.ts', 'export  const a = 1;'),
      await commit('tools/untyped.ts', `export const a: number = 'a'\n`),
      await commit('tools/testing/new.test.ts', test('{}')),
    ]
    assert.equal([failing.code, ugly.code, untyped.code, good.code], [1, 1, 1, 0], good.output)
    assert.match(failing.output, /FAIL tools\/testing\/new\.test\.ts[\s\S]*the reason/)
    assert.match(ugly.output, /tools\/ugly\.ts format/)
    assert.match(untyped.output, /tools\/untyped\.ts.*TS2322/)
    assert.match(good.output, 'ok   tools/testing/new.test.ts')

    assert.is((await run('tools/hooks/switch', 'off')).code, 0)
    assert.is((await commit('tools/ugly.ts', 'export  const a = 1;')).code, 0)
  },
  { timeoutMs: 400_000 },
)

test.run()
