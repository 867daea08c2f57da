/** The lock of the settings, with flock(1) as it is and programs of their own. */
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { UserError } from '../../runtime/errors.ts'
import { runProgram, startProgram } from '../../testbed/run-program.ts'
import { scratchDirectory } from '../../testbed/scratch.ts'
import { suite } from '../../testbed/suite.ts'
import { waitFor } from '../../testbed/wait-for.ts'
import { whileLocked } from './lock.ts'

const test = suite('lock of the settings')

test('one at a time: what another reads, decides and writes meanwhile is not lost', async context => {
  const root = await scratchDirectory(context)
  const file = join(root, 'number')
  await writeFile(file, '0')
  await Promise.all(
    Array.from({ length: 20 }, () =>
      whileLocked(root, async () => writeFile(file, String(Number(await readFile(file, 'utf8')) + 1))),
    ),
  )
  assert.is(await readFile(file, 'utf8'), '20')
})

test('says in words that another program is at it, and changes nothing', async context => {
  const root = await scratchDirectory(context)
  let wasDone = false
  const outcome = await whileLocked(root, () =>
    whileLocked(
      root,
      async () => {
        wasDone = true
      },
      0,
    ).catch(err => err),
  )
  assert.instance(outcome, UserError)
  assert.match(outcome.message, /another program has been changing the settings.*nothing was changed; try again/)
  assert.is(wasDone, false)
  await whileLocked(root, async () => {}, 0)
})

test('ends with a program that is killed, also where that started others', async context => {
  const root = await scratchDirectory(context)
  const script = `import { whileLocked } from ${JSON.stringify(join(import.meta.dirname, 'lock.ts'))}
import { spawn } from 'node:child_process'
await whileLocked(${JSON.stringify(root)}, () => new Promise(() => {
  spawn('sleep', ['60'], { detached: true, stdio: 'ignore' }).once('spawn', function () { console.log('holds', this.pid) })
  setInterval(() => {}, 1_000)
}))`
  const holder = startProgram(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script])
  context.cleanup(() => holder.stop())
  const [, child] = await holder.says(/holds (\d+)/)
  context.cleanup(() => process.kill(Number(child)))
  assert.instance(await whileLocked(root, async () => {}, 0).catch(err => err), UserError)
  process.kill(holder.pid, 'SIGKILL')
  await holder.stop()
  await whileLocked(root, async () => {}, 5)
})

test('an import waits for whoever is changing the settings', async context => {
  const root = await scratchDirectory(context)
  await mkdir(join(root, 'etc/oobm/secrets'), { recursive: true })
  const { ino } = await stat(join(root, 'etc/oobm/secrets'))
  const file = join(root, 'x.toml')
  await writeFile(file, 'version = 1\n')
  let isOver = false
  const importing = await whileLocked(root, async () => {
    const running = runProgram(process.execPath, ['build/lib/oobm.cjs', 'import', file, '--root', root]).finally(() => {
      isOver = true
    })
    // proc_locks(5): a lock that somebody waits for.
    const waiter = new RegExp(`-> FLOCK .*:${ino} `)
    await waitFor('a waiter', async () => waiter.test(await readFile('/proc/locks', 'utf8')))
    assert.is(isOver, false)
    return { running }
  })
  const { stderr } = await importing.running
  assert.match(stderr, /only changes settings, and this device has none yet|is missing/)
})

test.run()
