/** `oobm-relay upgrade` as it is typed, ended by Ctrl-C while a device installs, and on a machine that sleeps over `--at`. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { EXIT } from '../../../runtime/errors.ts'
import { type Program, runProgram } from '../../../testbed/run-program.ts'
import { suite } from '../../../testbed/suite.ts'
import { waitFor } from '../../../testbed/wait-for.ts'
import { startScene } from './testing/appliances.ts'

const test = suite('oobm-relay upgrade that is interrupted')
const SLOW = { timeoutMs: 270_000 }
const PATIENCE = { timeoutMs: 90_000, paceMs: 500 }
const MINUTE_MS = 60_000

/** A machine that slept: its clock is later at once, by the milliseconds in a file, and no timer of the program has run meanwhile. */
const SLEEPS = `
const { readFileSync } = require('node:fs')
const now = Date.now
Date.now = () => now() + Number(readFileSync(process.env.SLEPT_MS, 'utf8'))
`

async function codeOf(program: Program): Promise<number | null> {
  await waitFor('its end', program.ended, PATIENCE)
  return program.child.exitCode
}

if (process.getuid?.() !== 0) test.skip('an upgrade that is interrupted', 'needs root')
else {
  test(
    'Ctrl-C while a device installs: it goes on by itself, and the same command says how it ended',
    async context => {
      const scene = await startScene(context, ['tokyo', 'osaka'])
      for (const name of ['tokyo', 'osaka']) await scene.appliance(name).outlive()
      const nap = `sleep 5.${process.pid}`
      const path = await scene.makePackage('2', { postinst: nap })
      const program = scene.typed(['upgrade', 'tokyo', 'osaka', path])
      const [, first = ''] = await program.says(/ (tokyo|osaka): installs/, 90_000)
      const device = scene.appliance(first)
      await waitFor('dpkg to be at it', async () => (await runProgram('pgrep', ['-fx', nap])).code === 0, PATIENCE)
      process.kill(-program.pid, 'SIGINT')
      assert.is(await codeOf(program), EXIT.failed, program.output())
      const other = first === 'tokyo' ? 'osaka' : 'tokyo'
      const summary = `1 interrupted, not known how it ends:\n  ${first}: it goes on by itself; the same command says how it ended\n1 not tried:\n  ${other}: interrupted\n`
      assert.ok(program.output().endsWith(`\n\n${summary}`), program.output())

      await waitFor('the device', async () => /^1, confirmed, running/m.test(await device.list()), PATIENCE)
      assert.not.match(await scene.appliance(other).list(), /^1/m)
      const again = await scene.oobmRelay(
        'upgrade',
        first,
        path,
        '--as',
        'alice',
        '--identity',
        `${scene.folder}/alice`,
      )
      assert.equal([again.code, again.stderr], [EXIT.ok, ''], again.stdout)
      assert.ok(again.stdout.endsWith('\n\n1 already there\n'), again.stdout)
    },
    SLOW,
  )

  test(
    'a machine that sleeps over --at by half an hour installs nothing; by less, it installs',
    async context => {
      const scene = await startScene(context, ['tokyo'])
      const tokyo = scene.appliance('tokyo')
      const path = await scene.makePackage('2')
      await writeFile(join(scene.folder, 'sleeps.cjs'), SLEEPS)
      const run = async (name: string, sleptMs: number) => {
        const slept = join(scene.folder, name)
        await writeFile(slept, '0')
        const env = { NODE_OPTIONS: `--require=${scene.folder}/sleeps.cjs`, SLEPT_MS: slept }
        const at = new Date(Date.now() + 60 * MINUTE_MS).toTimeString().slice(0, 5)
        const program = scene.typed(['upgrade', 'tokyo', path, '--at', at], env)
        await program.says(/ tokyo: ready$/m, 90_000)
        assert.match(program.output(), `installs from `)
        assert.not.match(await tokyo.list(), /^1/m)
        await writeFile(slept, String(sleptMs))
        return { code: await codeOf(program), said: program.output() }
      }
      const late = await run('late', 95 * MINUTE_MS)
      assert.is(late.code, EXIT.failed, late.said)
      assert.match(
        late.said,
        /this machine was asleep at [\d-]+ [\d:]+ \(.+\), and nothing was installed: keep it awake/,
      )
      assert.match(late.said, /^1 not tried:$/m)
      assert.not.match(await tokyo.list(), /^1/m)

      const soon = await run('soon', 70 * MINUTE_MS)
      assert.is(soon.code, EXIT.ok, soon.said)
      assert.match(await tokyo.list(), /^1, confirmed, running/m)
    },
    SLOW,
  )
}

test.run()
