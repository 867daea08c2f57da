/** `make soak`: faults at random, one after the other and two at once, with healthy gaps; and what is left of it at the end. */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { type Random, randomFrom } from '../../relay-config/testing/random.ts'
import { withDisposal } from './disposal.ts'
import { monotonicMs } from './monotonic.ts'
import { PROMISING } from './observation.ts'
import { Recorder } from './observe/recorder.ts'
import { watchRelay } from './observe/relay-watcher.ts'
import { SOAK_FAULTS, type SoakFault } from './soak/faults.ts'
import { type Footprint, footprintOf } from './soak/footprint.ts'
import { judgeSoak, type SoakObservation } from './soak/judge-soak.ts'
import { LISTENERS } from './world/provision.ts'
import { logsOf, startWorld, type World } from './world/world.ts'

const RESULTS = join(import.meta.dirname, '../../build/faults')
/** Until it counts as not healed: the limit of an expected healing, and what a loaded machine adds. */
const HEAL_MS = 60_000
const START_MS = 60_000

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
      const seen = await new Soak(world, recorder, randomFrom(seed), stopping.signal).run(minutes * 60_000)
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

class Soak {
  readonly #world: World
  readonly #recorder: Recorder
  readonly #random: Random
  readonly #signal: AbortSignal
  readonly #notHealed: string[] = []
  #faults = 0

  constructor(world: World, recorder: Recorder, random: Random, signal: AbortSignal) {
    this.#world = world
    this.#recorder = recorder
    this.#random = random
    this.#signal = signal
  }

  async run(durationMs: number): Promise<SoakObservation> {
    const begunMs = monotonicMs()
    if (!(await this.#isWholeWithin(START_MS))) throw new Error('the world was never whole: no fault was tried')
    await this.#warmUp()
    const before = await this.#settledFootprint()
    const fromMs = monotonicMs()
    while (monotonicMs() - begunMs < durationMs - HEAL_MS / 2) await this.#round()
    const readyAtEnd = await this.#isWholeWithin(HEAL_MS)
    const toMs = monotonicMs()
    const after = await this.#settledFootprint()
    const { claims, ways } = this.#recorder
    const watchdogs = this.#world.device.supervisor.events().filter(({ event }) => event === 'watchdog').length
    return {
      ...{ fromMs, toMs, claims, ways: ways.ours, faults: this.#faults, notHealed: this.#notHealed },
      ...{ before, after, readyAtEnd, watchdogs },
    }
  }

  /** What is loaded and allocated at the first of each thing is no leak. */
  async #warmUp(): Promise<void> {
    for (const fault of SOAK_FAULTS.filter(({ warmsUp }) => warmsUp)) await this.#inflict([fault], 3_000)
    await this.#healed('the warm-up')
  }

  async #round(): Promise<void> {
    const random = this.#random
    const first = random.pick(SOAK_FAULTS)
    const second = random.chance(0.3) ? [random.pick(SOAK_FAULTS.filter(({ kind }) => kind !== first.kind))] : []
    const faults = [first, ...second]
    const lastsMs = 1_000 + random.below(random.chance(0.3) ? 60_000 : 10_000)
    const name = faults.map(fault => fault.name).join(' and ')
    print(`${seconds(monotonicMs())} ${name}, ${seconds(lastsMs)}`)
    await this.#inflict(faults, lastsMs)
    await this.#healed(name)
    await this.#pause(2_000 + random.below(20_000))
  }

  async #inflict(faults: readonly SoakFault[], lastsMs: number): Promise<void> {
    this.#faults += faults.length
    this.#recorder.attend(faults.some(({ attention }) => attention === 'fresh') ? 'fresh' : 'probe')
    const ends: (() => Promise<void>)[] = []
    try {
      for (const { inflict } of faults) {
        ends.unshift(await inflict(this.#world))
        await this.#pause(lastsMs / faults.length)
      }
    } finally {
      for (const end of ends) await end()
    }
    await this.#recorder.attendReturn()
  }

  async #healed(after: string): Promise<void> {
    const fromMs = monotonicMs()
    const isWhole = await this.#isWholeWithin(HEAL_MS)
    if (isWhole) return
    const claim = this.#recorder.claim()
    const why = `not healed ${seconds(HEAL_MS)} after ${after}: ${claim?.state} (${claim?.cause}), way ${this.#recorder.isBack('ours')}`
    print(`! ${why}`)
    this.#notHealed.push(why)
    // It has longer, so that the next fault says something of its own.
    await this.#isWholeWithin(5 * HEAL_MS)
    print(`  healed after ${seconds(monotonicMs() - fromMs)}`)
  }

  async #isWholeWithin(limitMs: number): Promise<boolean> {
    const deadlineMs = monotonicMs() + limitMs
    while (monotonicMs() < deadlineMs) {
      if (PROMISING.includes(this.#recorder.claim()?.state ?? '') && this.#recorder.isBack('ours')) return true
      await this.#pause(100)
    }
    return false
  }

  /** When nobody probes any more, and connections of self-tests are gone. */
  async #settledFootprint(): Promise<Footprint> {
    this.#recorder.attend('rest')
    await this.#pause(5_000)
    return footprintOf(this.#world)
  }

  async #pause(ms: number): Promise<void> {
    await Promise.race([delay(ms, undefined, { signal: this.#signal }), this.#recorder.failed])
  }
}

const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`

function print(text: string): void {
  process.stdout.write(`${text}\n`)
}

function usage(message: string): number {
  process.stderr.write(`${message}\n`)
  return 64
}
