/** Rows: a device with two cables, of which one is dead, comes back, flaps, or is paid by the byte. */
import { readFile } from 'node:fs/promises'
import { waitFor } from '../../../../testbed/wait-for.ts'
import { type End, type Inflict, nothing } from '../inflict/fault.ts'
import { silentPath } from '../inflict/path.ts'
import { bothFlap } from '../inflict/uplinks.ts'
import { monotonicMs } from '../monotonic.ts'
import { LIMIT, type Row, type Scene } from '../row.ts'
import { bytesOfSecond } from '../world/network.ts'
import type { World } from '../world/world.ts'
import { type Person, personIn, sendUp, technicianGetsIn, waitForClaim } from './steps.ts'

const THEME = 'More than one uplink'
const [FIRST, SECOND] = ['eth0', 'eth1'] as const
/** Milliseconds to another uplink that has an address. */
const FAILOVER_MS = 10_000
/** Milliseconds for which a better uplink must be proved, and how late the tunnel may come back to it: it is proved each minute. */
const BACK_MS = { proved: 300_000, late: 90_000 }
/** Milliseconds in which no move may follow on the last flap: a better uplink has to be proved for longer. */
const CALM_MS = 60_000
/** Milliseconds until a relay has heard of all connections that ended while the cables were out. */
const LEFT_MS = 120_000

const row = (changes: Omit<Row, 'theme'>): Row => ({ theme: THEME, alone: true, world: { uplinks: 2 }, ...changes })

export const uplinkRows: Row[] = [
  row({
    name: 'uplink-dead',
    title: 'one of two uplinks drops everything behind its carrier',
    lastsS: 0,
    goesAround: true,
    inflict: silentPath,
    after: async scene => {
      isOn(scene, SECOND)
      await technicianGetsIn(scene)
    },
    demands: { outlastMs: FAILOVER_MS, healMs: FAILOVER_MS },
  }),
  backRow(),
  flapRow(),
  meteredRow(),
]

/** The first one is dead, and the second one carries the tunnel. */
async function ontoSecond(scene: Scene): Promise<End> {
  const end = await silentPath(scene.world)
  const waitedMs = await waitForClaim(scene, ({ state, uplink }) => state === 'ready' && uplink === SECOND, 60_000)
  if (waitedMs === undefined) scene.found(`${SECOND} did not carry the tunnel before the fault`)
  return end
}

function isOn({ recorder, found }: Scene, name: string): void {
  const seen = recorder.claim()?.uplink
  if (seen !== name) found(`the uplink is ${seen}, not ${name}`)
}

/** Nobody is cut off for a better route. Runs of a row may go on side by side: what a run has to remember is its world's. */
function backRow(): Row {
  const heals = new WeakMap<World, End>()
  const people = new WeakMap<World, Person>()
  const limitMs = BACK_MS.proved + BACK_MS.late
  return row({
    name: 'uplink-back',
    title: 'the better of two uplinks is healed, with a person in by the other one',
    lastsS: 0,
    goesAround: true,
    attention: 'probe',
    // Among greetings that are asked for five times a second for five minutes, one may be late on a busy machine.
    probeMs: 10_000,
    before: async scene => {
      heals.set(scene.world, await ontoSecond(scene))
      people.set(scene.world, await personIn(scene))
    },
    inflict: async world => {
      await heals.get(world)?.()
      return nothing
    },
    meanwhile: async scene => {
      const backMs = await waitForClaim(scene, ({ uplink }) => uplink === FIRST, limitMs)
      if (backMs === undefined) scene.found(`the tunnel was not back after ${limitMs / 1000} s`)
      else scene.figure('back after s', Math.round(backMs / 1000))
      if (backMs !== undefined && backMs < BACK_MS.proved)
        scene.found('it came back before that uplink had shown that it lasts')
    },
    after: async scene => {
      isOn(scene, FIRST)
      const person = people.get(scene.world)
      if (!person?.isIn()) scene.found('the person was cut')
      scene.figure('lines that came', person?.ticks() ?? 0)
      await technicianGetsIn(scene)
    },
    // While the listeners go from one connection to the other, nobody is let in.
    demands: { outlastMs: LIMIT.afterEvent, healMs: limitMs, never: /^(no-relay|no-link|stale|duplicate)$/ },
  })
}

function flapRow(): Row {
  const seen = new WeakMap<World, { losses: number; logins: number }>()
  const loginsOf = ({ relays }: World) => relays[0]?.log().split('Accepted publickey').length ?? 0
  return row({
    name: 'uplinks-flap',
    title: 'both uplinks lose and find their carrier again and again for 180 s',
    ...{ lastsS: 180, quickS: 60 },
    before: async ({ world }) => {
      seen.set(world, { losses: 0, logins: loginsOf(world) })
    },
    inflict: world =>
      bothFlap(world, () => {
        const counts = seen.get(world)
        if (counts) counts.losses++
      }),
    after: async scene => {
      const { world, recorder, figure, found, pause } = scene
      const moves = () => movesIn(recorder.claims.map(({ uplink }) => uplink))
      const { losses = 0, logins = 0 } = seen.get(world) ?? {}
      const [before, loginsBefore] = [moves(), loginsOf(world)]
      figure('lost carriers', losses)
      figure('moves of the tunnel', before)
      figure('logins at the relay', loginsBefore - logins)
      if (before > losses) found(`the tunnel moved ${before} times for ${losses} lost carriers`)
      await pause(CALM_MS)
      if (moves() > before) found('the tunnel moved again after the last flap')
      figure('logins in the minute after', loginsOf(world) - loginsBefore)
      await leavesNothing(scene)
      await technicianGetsIn(scene)
    },
    demands: { outlastMs: LIMIT.promiseSilent, healMs: LIMIT.afterSilence },
  })
}

function movesIn(names: readonly string[]): number {
  const carrying = names.filter(name => name !== '')
  return carrying.filter((name, at) => at > 0 && name !== carrying[at - 1]).length
}

/** One connection at the relay, and no more processes than that needs. */
async function leavesNothing({ world, figure, found }: Scene): Promise<void> {
  const { device, network } = world
  const startedMs = monotonicMs()
  let seen = ''
  const isClean = async () => {
    const connections = await network.relays[0].sh('ss -Htn state established sport = :443')
    const pids = await device.host.processes()
    const names = await Promise.all(pids.map(pid => readFile(`/proc/${pid}/comm`, 'utf8').catch(() => '')))
    const [count, socats] = [
      connections.split('\n').filter(Boolean).length,
      names.filter(name => name === 'socat\n').length,
    ]
    seen = `${count} connections at the relay, ${socats} processes of socat on the device`
    return count <= 1 && socats <= 1
  }
  await waitFor('nothing to be left', isClean, { timeoutMs: LEFT_MS }).catch(() => found(`left behind: ${seen}`))
  figure('nothing is left after s', Math.round((monotonicMs() - startedMs) / 1000))
}

/** What it counts is held against what crosses the cable, with the heads of Ethernet, which an interface counts too. */
function meteredRow(): Row {
  const [IDLE_S, UP_BYTES] = [120, 1_000_000]
  /** Bytes a day, by the profile `cellular`. */
  const goal = 1_000_000
  return row({
    name: 'uplink-metered',
    title: 'a metered uplink carries the tunnel while the other one is dead: idle, then 1 MB up',
    world: { uplinks: 2, uplinkSettings: [{ interface: SECOND, metered: true }] },
    lastsS: 0,
    attention: 'rest',
    before: async scene => void (await ontoSecond(scene)),
    inflict: (async () => nothing) satisfies Inflict,
    meanwhile: async scene => {
      const { world, pause, figure, found } = scene
      // What came before belongs to the move.
      await pause(30_000)
      const first = await look(world)
      await pause(1000 * IDLE_S)
      const idle = await bytesOfSecond(world.network.router)
      const aDay = Math.round(((idle.bytes - first.wire.bytes) / IDLE_S) * 86_400)
      figure(`idle bytes a day by ${IDLE_S} s`, aDay)
      if (aDay > goal) found(`${aDay} bytes a day on a metered uplink, not ${goal} at most`)
      await sendUp(scene, UP_BYTES)
      // The interfaces are looked at every ten seconds.
      await pause(25_000)
      const last = await look(world)
      const wire = last.wire.bytes - first.wire.bytes + 14 * (last.wire.packets - first.wire.packets)
      const ratio = (last.counted - first.counted) / wire
      figure('bytes counted for each on the wire', Number(ratio.toFixed(3)))
      if (Math.abs(ratio - 1) > 0.05) found(`${last.counted - first.counted} bytes counted, ${wire} on the wire`)
    },
    after: async scene => isOn(scene, SECOND),
    demands: { outlastMs: 0, healMs: LIMIT.afterEvent, keeps: ['both'] },
  })
}

async function look({ device, network }: World) {
  const { stdout } = await device.oobm('status', '--json')
  const { supervisor } = JSON.parse(stdout) as {
    supervisor: { status: { uplinks?: { name: string; dayBytes: number | null }[] } }
  }
  const counted = supervisor.status.uplinks?.find(({ name }) => name === SECOND)?.dayBytes ?? 0
  return { counted, wire: await bytesOfSecond(network.router) }
}
