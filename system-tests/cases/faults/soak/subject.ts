/** `soak`: faults at random, one after the other and two at once, with healthy gaps; and what is left of it at the end. */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { randomFrom } from '../../../../relay-config/testing/random.ts'
import type { Steps, Subject } from '../../../case.ts'
import type { Options } from '../../../options.ts'
import { Recorder } from '../observe/recorder.ts'
import { watchRelay } from '../observe/relay-watcher.ts'
import { LISTENERS } from '../world/provision.ts'
import { logsOf, startWorld } from '../world/world.ts'
import { judgeSoak } from './judge-soak.ts'
import { Soak } from './soak.ts'

const RESULTS = join(import.meta.dirname, '../../../../build/system-tests/netns')

export const SOAK: Subject<Options> = {
  name: 'soak',
  about: 'faults at random for some minutes: ready at the end, and nothing left behind',
  on: ['netns'],
  cases: ({ seed, minutes }) => [{ name: `seed ${seed}, ${minutes} minutes`, run: soak }],
  setUp: async ({ options }) => options,
}

async function soak({ seed, minutes }: Options, { folder, signal, note, cleanup }: Steps): Promise<string> {
  const undo = { cleanup }
  const world = await startWorld(undo)
  const watchers = await Promise.all(world.relays.map(({ host }) => watchRelay(host)))
  const recorder = new Recorder({ device: world.device, watchers, ports: { ours: LISTENERS.ours }, probeMs: 3_000 })
  recorder.start()
  cleanup(() => recorder.stop().catch(() => {}))
  const seen = await new Soak({ world, recorder, print: note, random: randomFrom(seed), signal }).run(minutes * 60_000)
  const { lines, missed } = judgeSoak(seen)
  await mkdir(RESULTS, { recursive: true })
  await writeFile(join(RESULTS, `soak-${seed}.json`), JSON.stringify({ seed, minutes, ...seen, missed }, null, 1))
  if (missed.length === 0) return lines.join('\n')
  await writeFile(join(folder, 'log'), logsOf(world))
  throw new Error([...missed, ...lines].join('\n'))
}
