/** Power cuts: `oobm provision` killed after each of its steps, with the next boot after it, and with the card's file gone before that. */
import { existsSync } from 'node:fs'
import { cp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build } from 'esbuild'
import * as assert from 'uvu/assert'
import { runProgram } from '../../../testbed/run-program.ts'
import { scratchDirectory } from '../../../testbed/scratch.ts'
import type { TestContext } from '../../../testbed/suite.ts'
import { provision } from '../provision.ts'
import { holdsSecrets } from './board.ts'

/** In memory: a hundred boots sync thousands of times, and what a disk makes of that is not tested here. */
export const MEMORY = existsSync('/dev/shm') ? '/dev/shm' : tmpdir()

/**
 * Loaded before a program: kills it after its Nth effect (`$KILL_AFTER`) on files below `$BOARD`, of those that leave something
 * else behind.
 */
export const KILLER = `
const { constants, readlinkSync } = require('node:fs')
const promises = require('node:fs/promises')
const last = Number(process.env.KILL_AFTER)
let count = 0
// A folder that is held open has another path: proc_pid_fd(5).
const real = path => String(path).replace(/^\\/proc\\/self\\/fd\\/\\d+/, fd => readlinkSync(fd))
const isOurs = path => real(path).startsWith(process.env.BOARD)
const done = ours => { if (ours && ++count === last) process.kill(process.pid, 'SIGKILL') }
for (const name of ['rename', 'mkdir', 'rm', 'symlink']) {
  const original = promises[name]
  promises[name] = async (...args) => {
    const ours = isOurs(args[name === 'symlink' ? 1 : 0])
    const result = await original(...args)
    done(ours)
    return result
  }
}
const { open } = promises
promises.open = async (path, flags, mode) => {
  const ours = isOurs(path)
  const file = await open(path, flags, mode)
  if (flags === 'r' || (typeof flags === 'number' && !(flags & constants.O_CREAT))) return file
  done(ours)
  for (const name of ['writeFile', 'write', 'truncate']) {
    const original = file[name].bind(file)
    file[name] = async (...args) => { const result = await original(...args); done(ours); return result }
  }
  return file
}
`

/** Everything that is kept: /etc/oobm, with modes. */
export async function kept(root: string): Promise<Record<string, string>> {
  const etc = join(root, 'etc/oobm')
  const names = (await readdir(etc, { recursive: true })).sort()
  const files = await Promise.all(
    names.map(async name => {
      const info = await stat(join(etc, name))
      return info.isFile()
        ? [[name, `${(info.mode & 0o777).toString(8)} ${await readFile(join(etc, name), 'utf8')}`]]
        : []
    }),
  )
  return Object.fromEntries(files.flat())
}

interface Scene {
  /** A board as it was before the boot that is killed. */
  before: string
  /** What it keeps then, and after an import that nothing interrupts. */
  old: Record<string, string>
  new: Record<string, string>
}

export const bootOnce = (place: string) =>
  provision({
    ...{ root: join(place, 'root'), boot: join(place, 'boot'), directory: '/run/oobm-provision' },
    ...{ wallMs: 0, say: () => {} },
  })

async function copyOf(place: string, to: string): Promise<string> {
  await rm(to, { recursive: true, force: true })
  await cp(place, to, { recursive: true, verbatimSymlinks: true })
  return to
}

export async function killAtEachStep(context: TestContext, { before, old, new: now }: Scene): Promise<number> {
  const directory = await scratchDirectory(context, MEMORY)
  const place = join(directory, 'board')
  const killer = join(directory, 'killer.cjs')
  const program = join(directory, 'lib/oobm.cjs')
  await writeFile(killer, KILLER)
  await build({
    ...{ entryPoints: ['device/main.ts'], outfile: program, bundle: true, platform: 'node', target: 'node20' },
    ...{ format: 'cjs', external: ['*.node', 'cpu-features'], define: { 'import.meta.dirname': '__dirname' } },
    logLevel: 'error',
  })
  let outcomes = { old: 0, new: 0 }
  for (let at = 1; ; at++) {
    await copyOf(before, place)
    const args = ['provision', '--boot', join(place, 'boot'), '--root', join(place, 'root')]
    const env = { KILL_AFTER: String(at), BOARD: place }
    const { signal, code, stdout } = await runProgram(process.execPath, ['--require', killer, program, ...args], {
      env,
      timeoutMs: 60_000,
    })
    if (signal === null) {
      assert.is(code, 0, stdout)
      assert.ok(outcomes.old > 3 && outcomes.new > 3, JSON.stringify(outcomes))
      return at - 1
    }
    // Somebody takes the file off the card before the next boot: the old settings or the new ones, and nothing in between.
    const without = await copyOf(place, join(directory, 'without'))
    for (const name of await readdir(join(without, 'boot'))) {
      if (name === 'oobm.toml') await rm(join(without, 'boot', name))
    }
    await bootOnce(without)
    const keptNow = await kept(join(without, 'root'))
    const isNew = JSON.stringify(keptNow) === JSON.stringify(now)
    if (!isNew && Object.keys(old).length > 0) assert.equal(keptNow, old, `after step ${at}`)
    if (!isNew) assert.is('device.toml' in keptNow, 'device.toml' in old, `after step ${at}`)
    outcomes = isNew ? { ...outcomes, new: outcomes.new + 1 } : { ...outcomes, old: outcomes.old + 1 }
    assert.is(await holdsSecrets(join(without, 'boot')), false, `after step ${at}, without the file`)
    // The next boot.
    assert.is(await bootOnce(place), undefined, `after step ${at}`)
    assert.equal(await kept(join(place, 'root')), now, `after step ${at}`)
    const left = await readdir(join(place, 'boot'))
    assert.is(await holdsSecrets(join(place, 'boot')), false, `after step ${at}: ${left}`)
    assert.equal(
      left.filter(name => name !== 'oobm-imported.txt'),
      [],
      `after step ${at}`,
    )
  }
}

export async function finished(context: TestContext, before: string): Promise<Record<string, string>> {
  const place = await copyOf(before, join(await scratchDirectory(context), 'whole'))
  assert.is(await bootOnce(place), undefined)
  return kept(join(place, 'root'))
}
