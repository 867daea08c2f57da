/** `make soak`: faults at random, one after the other and two at once, with healthy gaps; and what is left of it at the end. */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { randomFrom } from '../../../relay-config/testing/random.ts'
import { withDisposal } from '../../disposal.ts'
import { Recorder } from './observe/recorder.ts'
import { watchRelay } from './observe/relay-watcher.ts'
import { judgeSoak } from './soak/judge-soak.ts'
import { Soak } from './soak/soak.ts'
import { LISTENERS } from './world/provision.ts'
import { logsOf, startWorld } from './world/world.ts'

const RESULTS = join(import.meta.dirname, '../../../build/faults')

const { values } = parseArgs({
  options: { seed: { type: 'string', default: '7' }, minutes: { type: 'string', default: '20' } },
})

process.exitCode = await main()

async function main(): Promise<number> {
  const [seed, minutes] = [Number(values.seed), Number(values.minutes)]
  if (!Number.isInteger(seed) || !(minutes > 0)) return usage('SEED is a whole number, MINUTES a number above 0')
  if (process.getuid?.() !== 0) return usage('network namespaces need root: sudo make soak')
  await mkdir(RESULTS, { recursive: true })
  const stopping = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => stopping.abort())
  try {
    return await withDisposal(async undo => {
      const world = await startWorld(undo)
      const watchers = await Promise.all(world.relays.map(({ host }) => watchRelay(host)))
      const recorder = new Recorder({ device: world.device, watchers, ports: { ours: LISTENERS.ours }, probeMs: 3_000 })
      recorder.start()
      undo.cleanup(() => recorder.stop().catch(() => {}))
      const seen = await new Soak({
        ...{ world, recorder, print },
        random: randomFrom(seed),
        signal: stopping.signal,
      }).run(minutes * 60_000)
      const { lines, missed } = judgeSoak(seen)
      await writeFile(join(RESULTS, `soak-${seed}.json`), JSON.stringify({ seed, minutes, ...seen, missed }, null, 1))
      if (missed.length > 0) await writeFile(join(RESULTS, `soak-${seed}.log`), logsOf(world))
      print([...lines, ...missed.map(one => `! ${one}`), missed.length === 0 ? 'ok' : 'FAIL'].join('\n'))
      return missed.length === 0 ? 0 : 1
    })
  } catch (err) {
    if (!stopping.signal.aborted) throw err
    print('stopped')
    return 130
  }
}

function print(text: string): void {
  process.stdout.write(`${text}\n`)
}

function usage(message: string): number {
  process.stderr.write(`${message}\n`)
  return 64
}
