/** Power cuts: `oobm-apply` killed after each of its steps, and the next start of the device. Old or new, whole; people never come back. */
import { existsSync } from 'node:fs'
import { cp, mkdir, readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { KILLER, kept, MEMORY } from '../../device/provision/testing/killed-boot.ts'
import { readSettingsRecord } from '../../formats/settings-record.ts'
import { runProgram } from '../../testbed/run-program.ts'
import { scratchDirectory } from '../../testbed/scratch.ts'
import type { TestContext } from '../../testbed/suite.ts'
import { makeDevice, type TestDevice } from './device.ts'

const PROGRAM = 'build/lib/oobm-apply.cjs'
/** Walks of one test, each on a device of its own: one begins at the first step, one at the second. */
const WALKS = [1, 2] as const
/** Test files of one walk: each takes every fourth step, and is done in time on a machine that does much else. */
const PARTS = 4
/** Milliseconds between two heartbeats of the supervisor. */
const HEARTBEAT_MS = 200

interface Scene {
  device: TestDevice
  document: string
  killer: string
  /** /etc/oobm before. */
  before: string
  /** Seconds for a proof. */
  trialS: string
}

async function makeScene(
  context: TestContext,
  trialS: string,
  content: (device: TestDevice) => object,
): Promise<Scene> {
  const device = await makeDevice(context, {}, MEMORY)
  const killer = join(device.directory, 'killer.cjs')
  await writeFile(killer, KILLER)
  const before = join(await scratchDirectory(context, MEMORY), 'before')
  await cp(join(device.root, 'etc'), before, { recursive: true })
  return { device, document: await device.sign(content(device)), killer, before, trialS }
}

async function reset({ device, before, document }: Scene): Promise<void> {
  for (const folder of ['state', 'run-apply', 'spool']) {
    await rm(join(device.directory, folder), { recursive: true, force: true })
    await mkdir(join(device.directory, folder))
  }
  await rm(join(device.root, 'etc'), { recursive: true })
  await cp(before, join(device.root, 'etc'), { recursive: true })
  await cp(join(before, 'oobm/device.toml'), join(device.directory, 'running.toml'))
  await device.put('a.settings', document)
}

/** Until it is killed, or ends. */
async function runKilled({ device, killer, trialS }: Scene, at: number, status: () => Promise<unknown>) {
  await status()
  let isOver = false
  const running = runProgram(process.execPath, ['--require', killer, PROGRAM], {
    env: {
      ...process.env,
      ...device.env,
      KILL_AFTER: String(at),
      BOARD: join(device.root, 'etc'),
      OOBM_TRIAL_S: trialS,
    },
    timeoutMs: 60_000,
  }).finally(() => {
    isOver = true
  })
  while (!isOver) {
    await status()
    await new Promise(resolve => setTimeout(resolve, 30))
  }
  return running
}

/** As a start of the device: what was in memory is gone. */
async function restart({ device, trialS }: Scene, status: () => Promise<unknown>): Promise<void> {
  await rm(join(device.directory, 'run-apply'), { recursive: true })
  await mkdir(join(device.directory, 'run-apply'))
  await cp(join(device.root, 'etc/oobm/device.toml'), join(device.directory, 'running.toml'))
  const { code, stdout } = await device.runWhile(status, { OOBM_TRIAL_S: trialS })
  assert.is(code, 0, stdout)
}

/** Kills it at each step of a change of access. */
export async function killAccess(context: TestContext): Promise<void> {
  await Promise.all(WALKS.map(first => walkAccess(context, first)))
}

async function walkAccess(context: TestContext, first: number): Promise<void> {
  const scene = await makeScene(context, '30', device => ({
    ...device.head(7),
    access: { technicians: [{ name: 'alice', keys: [device.keys.alice.publicKey], shell: true }] },
  }))
  const { device } = scene
  const old = await kept(device.root)
  const status = async () => {}
  await reset(scene)
  await restart(scene, status)
  const fresh = await kept(device.root)
  const outcomes = { old: 0, new: 0 }
  for (let at: number = first; ; at += WALKS.length) {
    await reset(scene)
    const { signal, code, stdout } = await runKilled(scene, at, status)
    if (signal === null) {
      assert.is(code, 0, stdout)
      break
    }
    await rm(join(device.spool, 'a.settings'), { force: true })
    await restart(scene, status)
    const now = JSON.stringify(await kept(device.root))
    const isNew = now === JSON.stringify(fresh)
    if (!isNew) assert.is(now, JSON.stringify(old), `after step ${at}`)
    assert.equal(await results(device), isNew ? ['7 in-force'] : [], `after step ${at}`)
    outcomes[isNew ? 'new' : 'old'] += 1
  }
  assert.ok(outcomes.old > 0 && outcomes.new > 5, JSON.stringify(outcomes))
}

/** Kills it at every fourth step of a change of connectivity and access, from `first` on. */
export async function killConnectivity(context: TestContext, isProved: boolean, first: 1 | 2 | 3 | 4): Promise<void> {
  const scene = await makeScene(context, isProved ? '30' : '0.3', device => ({
    ...device.connectivity(7, 'new.example.net'),
    access: { technicians: [{ name: 'alice', keys: [device.keys.alice.publicKey], shell: true }] },
  }))
  const { device } = scene
  const relay = (files: Record<string, string>) => /host = "(.*)"/.exec(files['device.toml'] ?? '')?.[1]
  const old = await kept(device.root)
  // Through the new relay it is proved, or never; through the old one always.
  let last = { isNew: false, atMs: 0 }
  const status = async () => {
    const isNew = (await device.running()).includes('new.example')
    const isFresh = isNew === last.isNew && Date.now() < last.atMs + HEARTBEAT_MS
    if (isFresh && existsSync(join(device.directory, 'run-oobm/status.json'))) return
    last = { isNew, atMs: Date.now() }
    await device.writeStatus(isNew && !isProved ? { state: 'no-relay' } : { state: 'ready', proved: true })
  }
  await reset(scene)
  await restart(scene, status)
  const fresh = await kept(device.root)
  assert.is(relay(fresh), isProved ? 'new.example.net' : 'old.example.net')
  let wasTaken = false
  let steps = 0
  for (let at: number = first; ; at += PARTS) {
    await reset(scene)
    const { signal, code, stdout } = await runKilled(scene, at, status)
    if (signal === null) {
      assert.is(code, 0, stdout)
      break
    }
    steps = at
    await rm(join(device.spool, 'a.settings'), { force: true })
    await restart(scene, status)
    const files = await kept(device.root)
    const isOld = JSON.stringify(files) === JSON.stringify(old)
    if (!isOld) assert.equal(files, fresh, `after step ${at}`)
    const decided = isProved ? '7 confirmed' : '7 undone'
    assert.equal(await results(device), isOld ? [] : ['7 trial', decided], `after step ${at}`)
    // From the step on at which it was taken, it never is as it was before.
    assert.not.ok(wasTaken && isOld, `after step ${at}`)
    wasTaken ||= !isOld
    assert.equal(
      (await readdir(join(device.root, 'etc/oobm/secrets'))).filter(name => /trial|next|new$/.test(name)),
      [],
      `after step ${at}`,
    )
  }
  assert.ok(wasTaken && steps > 50, `${steps} steps`)
}

/** What the record says became of each document. */
async function results(device: TestDevice): Promise<string[]> {
  const record = await readSettingsRecord(join(device.directory, 'state/settings.json'))
  return (record?.outcomes ?? []).map(({ serial, result }) => `${serial} ${result}`)
}
