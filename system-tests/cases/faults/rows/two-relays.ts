/** Rows: two relays, of which the first fails in each of its ways; and a technician who does not stop trying. */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ownAddressChanges } from '../inflict/link.ts'
import { firstUnreachable, forwardsNothing } from '../inflict/path.ts'
import { dropsSessions, relayStopped, sessionsKilled } from '../inflict/processes.ts'
import { monotonicMs } from '../monotonic.ts'
import type { Scene } from '../row.ts'
import { LIMIT, type Row } from '../row.ts'
import { ADDRESS, RELAY_NAMES } from '../world/network.ts'
import { BUILD, LISTENERS, SHELL } from '../world/provision.ts'

const THEME = 'More than one relay'
const OURS = `{ ${LISTENERS.ours}, ${LISTENERS.ours + 1} }`

const failing = (changes: Pick<Row, 'name' | 'title' | 'inflict'> & Partial<Row>): Row => ({
  theme: THEME,
  ...{ lastsS: 0, goesAround: true, alone: true },
  world: { relays: 2 },
  after: isOnSecond,
  demands: { outlastMs: LIMIT.promiseSilent, healMs: 60_000 },
  ...changes,
})

export const twoRelayRows: Row[] = [
  failing({
    name: 'first-forwards-nothing',
    title: 'the first of two relays takes the device and its listeners, and forwards nothing',
    inflict: async world => {
      const end = await forwardsNothing(0, OURS)(world)
      await sessionsKilled(world)
      return end
    },
  }),
  failing({
    name: 'first-drops',
    title: 'the first of two relays ends every connection after 2.5 s',
    inflict: dropsSessions(2_500),
  }),
  failing({
    name: 'first-frozen',
    title: 'the first of two relays stands still, and holds the listener',
    inflict: relayStopped,
    after: isFoundOnSecond,
  }),
  failing({
    name: 'first-stale',
    title: 'the device reaches the first of two relays no more, where its listener stays and says nothing',
    inflict: firstUnreachable,
    after: isFoundOnSecond,
  }),
  {
    name: 'retried-port',
    title: 'the device gets another address while a technician tries its port all the time',
    theme: THEME,
    lastsS: 0,
    attention: 'probe',
    inflict: ownAddressChanges(ADDRESS.deviceOthers[0]),
    demands: { outlastMs: LIMIT.promiseSilent, healMs: LIMIT.afterEvent },
  },
  {
    ...forwarding('forwards-nothing', 'the only relay answers pings, and forwards nothing; probes every 20 s', 90),
    world: { intervals: { probeS: 20 } },
    demands: { outlastMs: 40_000, healMs: LIMIT.afterSilence },
  },
  {
    ...forwarding('forwards-nothing-300s', 'the only relay answers pings, and forwards nothing for 400 s', 400),
    fullOnly: true,
    demands: { outlastMs: 320_000, healMs: LIMIT.afterSilence },
  },
]

function forwarding(name: string, title: string, lastsS: number): Omit<Row, 'demands'> {
  const how = { attention: 'probe', alone: true, inflict: forwardsNothing(0, OURS) } as const
  return { name, title, theme: THEME, lastsS, ...how }
}

async function isOnSecond({ recorder, found }: Scene): Promise<void> {
  const named = recorder.claim()?.relay
  if (named !== RELAY_NAMES[1]) found(`the device names the relay ${named}, not ${RELAY_NAMES[1]}`)
}

/** One name leads there, for a technician who has oobm-relay. */
async function isFoundOnSecond(scene: Scene): Promise<void> {
  await isOnSecond(scene)
  const { network, provisioned, root } = scene.world
  const bin = join(root, 'bin')
  await mkdir(bin)
  const program = `#!/bin/sh\nexec ${process.execPath} ${join(BUILD, 'oobm-relay.cjs')} "$@"\n`
  await writeFile(join(bin, 'oobm-relay'), program, { mode: 0o755 })
  const startedMs = monotonicMs()
  const { code, stdout, stderr } = await network.desk.run(
    'ssh',
    ['-F', provisioned.sshConfig, '-o', 'BatchMode=yes', SHELL, 'echo here'],
    { env: { PATH: `${bin}:${process.env.PATH}` }, timeoutMs: 60_000 },
  )
  scene.figure('ssh by one name, ms', Math.round(monotonicMs() - startedMs))
  if (stdout !== 'here\n') scene.found(`ssh ${SHELL} does not find the device: exit ${code}, ${stderr}`)
}
