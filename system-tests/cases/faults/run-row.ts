/** Runs one row once, in a world of its own: whole, then the fault, then until it is healed or time is up. */
import { writeFile } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'
import { randomFrom } from '../../../relay-config/testing/random.ts'
import type { Undo } from '../../disposal.ts'
import { judge, type Verdict } from './judge.ts'
import { monotonicMs } from './monotonic.ts'
import { type Cost, type Observation, PROMISING } from './observation.ts'
import { Recorder } from './observe/recorder.ts'
import { watchRelay } from './observe/relay-watcher.ts'
import type { Row, Scene } from './row.ts'
import { readTraffic } from './world/network.ts'
import { LISTENERS } from './world/provision.ts'
import { logsOf, startWorld } from './world/world.ts'

export interface RunOptions {
  /** Which run of this row: it decides the moment of the fault. */
  run: number
  peer: boolean
  /** Full lengths instead of the quick ones. */
  full: boolean
  signal: AbortSignal
  /** Where the logs of a run that failed are kept. */
  logFile: string
}

const START_MS = 60_000
/** What the way and the state must be good for, until a run counts as healed. */
const STABLE_MS = 4_000
/** Beyond the limit: how late it is is worth knowing, how long one looks is not. */
const PATIENCE_MS = 60_000
/** autossh takes 124 s where its listener is held by a dead session. */
const PEER_PATIENCE_MS = 150_000
const PROBE_MS = 3_000

export async function runRow(undo: Undo, row: Row, options: RunOptions): Promise<Verdict & { seen: Observation }> {
  const { signal } = options
  const peer = options.peer && !row.alone
  const world = await startWorld(undo, { ...row.world, peer })
  const watchers = await Promise.all(world.relays.map(({ host }) => watchRelay(host)))
  const ports = { ours: LISTENERS.ours, ...(peer ? { peer: LISTENERS.peer } : {}) }
  const recorder = new Recorder({ device: world.device, watchers, ports, probeMs: row.probeMs ?? PROBE_MS })
  recorder.start()
  undo.cleanup(() => recorder.stop().catch(() => {}))
  const found: string[] = []
  const figures: Record<string, number> = {}
  const random = randomFrom(options.run + 1)
  const scene: Scene = {
    ...{ world, recorder, random, full: options.full, cleanup: undo.cleanup },
    pause: async ms => void (await Promise.race([delay(ms, undefined, { signal }), recorder.failed])),
    found: what => found.push(what),
    figure: (name, value) => {
      figures[name] = value
    },
  }
  const isWhole = () => PROMISING.includes(recorder.claim()?.state ?? '') && recorder.isBack('ours')
  const isPeerBack = () => !peer || recorder.isBack('peer')
  try {
    await untilTrue(
      scene,
      START_MS,
      () => isWhole() && isPeerBack(),
      () => {
        const { state = 'nothing', cause = '' } = recorder.claim() ?? {}
        return `no fault was tried: after ${START_MS / 1000} s the device shows ${state} (${cause}), its way is ${recorder.isBack('ours')}, autossh's ${isPeerBack()}`
      },
    )
    recorder.attend('rest')
    // A moment of no particular place between two keepalives, probes and self-tests.
    await scene.pause(3_000 + random.below(12_000))
    await row.before?.(scene)

    const before = await costs(scene)
    recorder.attend(row.attention ?? 'fresh')
    const faultAtMs = monotonicMs()
    const end = await row.inflict(world)
    const lastsMs = 1000 * (options.full ? row.lastsS : (row.quickS ?? row.lastsS))
    const untilMs = faultAtMs + lastsMs
    await row.meanwhile?.(scene)
    await scene.pause(Math.max(0, untilMs - monotonicMs()))
    if (!row.goesAround) await end()
    const endAtMs = row.goesAround || lastsMs === 0 ? faultAtMs : monotonicMs()
    if (row.returns) await recorder.attendReturn()
    await untilHealed(scene, endAtMs, row.demands.healMs + PATIENCE_MS, peer)
    const overAtMs = monotonicMs()
    const after = await costs(scene)
    await row.after?.(scene)
    if (row.goesAround) await end()
    await recorder.stop()
    const ends = world.device.supervisor.events().filter(({ event }) => event === 'ended')
    if (ends.length > 0 && !row.endsSupervisor) {
      found.push(`the supervisor ended, ${ends.map(({ code }) => `exit ${code}`).join(', ')}`)
    }
    const cost = (party: 'ours' | 'peer'): Cost => ({
      bytes: after[party].bytes - before[party].bytes,
      syns: after[party].syns - before[party].syns,
    })
    const { claims, ways } = recorder
    const seen: Observation = {
      ...{ faultAtMs, endAtMs, overAtMs, claims, found, figures, ours: ways.ours },
      ...(peer ? { peer: ways.peer } : {}),
      cost: { ours: cost('ours'), ...(peer ? { peer: cost('peer') } : {}) },
    }
    const verdict = judge(seen, row.demands)
    if (verdict.missed.length > 0) await writeFile(options.logFile, logsOf(world))
    return { ...verdict, seen }
  } catch (err) {
    await writeFile(options.logFile, logsOf(world)).catch(() => {})
    throw err
  }
}

async function untilTrue(scene: Scene, limitMs: number, is: () => boolean, complaint: () => string): Promise<void> {
  const deadlineMs = monotonicMs() + limitMs
  while (!is()) {
    if (monotonicMs() > deadlineMs) throw new Error(complaint())
    await scene.pause(50)
  }
}

/** Both for a while, so that one that comes and goes is seen; the peer only as long as it may take. */
async function untilHealed(scene: Scene, endAtMs: number, patienceMs: number, peer: boolean): Promise<void> {
  const { recorder } = scene
  let goodSinceMs: number | undefined
  for (;;) {
    const nowMs = monotonicMs()
    const good = PROMISING.includes(recorder.claim()?.state ?? '') && recorder.isBack('ours')
    goodSinceMs = good ? (goodSinceMs ?? nowMs) : undefined
    const oursDone = goodSinceMs !== undefined && nowMs - Math.max(goodSinceMs, endAtMs) > STABLE_MS
    const peerDone = !peer || recorder.isBack('peer') || nowMs - endAtMs > PEER_PATIENCE_MS
    if ((oursDone || nowMs - endAtMs > patienceMs) && peerDone) return
    await scene.pause(50)
  }
}

async function costs({ world }: Scene) {
  return readTraffic(world.network.router)
}
