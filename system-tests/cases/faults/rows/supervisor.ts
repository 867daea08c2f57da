/** Rows: what may happen to the supervisor itself, and to the board under it. */
import { both } from '../inflict/fault.ts'
import { resetNew } from '../inflict/path.ts'
import { killed, sessionsKilled, standsStill, starved, withoutDescriptors } from '../inflict/processes.ts'
import { monotonicMs } from '../monotonic.ts'
import { LIMIT, type Row, type Scene } from '../row.ts'
import type { World } from '../world/world.ts'

const THEME = 'The supervisor and its board'
/** Milliseconds: between two looks, and for `oobm` to run. */
const SLACK_MS = 3_000
const promised = { outlastMs: LIMIT.promiseSilent }

export const supervisorRows: Row[] = [
  {
    name: 'supervisor-stopped',
    endsSupervisor: true,
    title: 'the supervisor stands still; its watchdog has to end it',
    theme: THEME,
    lastsS: 0,
    goesAround: true,
    attention: 'probe',
    inflict: standsStill('supervisor'),
    meanwhile: statusSaysSo,
    demands: { ...promised, healMs: 35_000 },
  },
  {
    name: 'supervisor-killed',
    endsSupervisor: true,
    title: 'the supervisor is killed; its unit starts it again',
    theme: THEME,
    lastsS: 0,
    attention: 'probe',
    inflict: killed('supervisor'),
    demands: { ...promised, healMs: 8_000 },
    ci: true,
  },
  {
    name: 'no-descriptors',
    endsSupervisor: true,
    title: 'the supervisor can open nothing more for 60 s; the session was killed',
    theme: THEME,
    ...{ lastsS: 60, quickS: 40 },
    inflict: async world => {
      const end = await withoutDescriptors(world)
      await sessionsKilled(world)
      return end
    },
    demands: { ...promised, healMs: LIMIT.afterSilence },
  },
  {
    name: 'disk-full',
    endsSupervisor: true,
    title: '/run/oobm is full for 60 s, and the relay is not reached',
    theme: THEME,
    ...{ lastsS: 60, quickS: 45 },
    inflict: both(full, unreached),
    meanwhile: statusSaysSo,
    demands: { ...promised, healMs: 15_000 },
  },
  {
    name: 'disk-read-only',
    endsSupervisor: true,
    title: '/run/oobm is read-only for 60 s, and the relay is not reached',
    theme: THEME,
    ...{ lastsS: 60, quickS: 45 },
    inflict: both(readOnly, unreached),
    meanwhile: statusSaysSo,
    demands: { ...promised, healMs: 15_000 },
  },
  {
    name: 'cpu-5',
    title: 'the supervisor gets 5 % of a processor for 300 s; the session was killed',
    theme: THEME,
    ...{ lastsS: 300, quickS: 90 },
    goesAround: true,
    attention: 'probe',
    probeMs: 20_000,
    inflict: async world => {
      const end = await starved('supervisor', 5)(world)
      await sessionsKilled(world)
      return end
    },
    after: async ({ world, found, figure }) => {
      const kills = world.device.supervisor.events().filter(({ event }) => event === 'watchdog').length
      figure('ended by the watchdog', kills)
      if (kills > 0) found('the watchdog ended a supervisor that was only slow')
    },
    demands: { ...promised, healMs: 60_000 },
  },
  clockRow('clock-forward', 'the wall clock jumps a month forward', '+30d'),
  clockRow('clock-back', 'the wall clock jumps a year back', '-365d'),
]

/** The supervisor's own clock alone, by libfaketime: the machine's is everybody's. Its monotonic clock goes on. */
function clockRow(name: string, title: string, jump: string): Row {
  return {
    name,
    title,
    theme: THEME,
    ...{ lastsS: 60, quickS: 30 },
    attention: 'probe',
    alone: true,
    world: {
      env: {
        LD_PRELOAD: '/usr/$LIB/faketime/libfaketime.so.1',
        FAKETIME_TIMESTAMP_FILE: '/mnt/faketime',
        FAKETIME_DONT_FAKE_MONOTONIC: '1',
        FAKETIME_NO_CACHE: '1',
      },
      beforeDevice: async ({ network }) => {
        await network.device.sh('mount -t tmpfs tmpfs /mnt; echo +0 >/mnt/faketime')
      },
    },
    inflict: async ({ device }) => {
      await device.host.sh(`echo ${jump} >/mnt/faketime`)
      return async () => void (await device.host.sh('echo +0 >/mnt/faketime'))
    },
    meanwhile: async ({ world, found, pause }) => {
      await pause(10_000)
      const { code, stdout, stderr } = await world.device.oobm('status')
      if (code !== 0) found(`oobm status after the jump: exit ${code}: ${stdout.split('\n')[0]}${stderr}`)
      const test = await world.device.oobm('test')
      if (test.code !== 0) found(`oobm test after the jump: exit ${test.code}: ${test.stdout}${test.stderr}`)
    },
    demands: { outlastMs: 0, healMs: LIMIT.afterEvent, keeps: ['both'], never: /^(no-relay|unproved|no-link)$/ },
  }
}

/** Fails where `oobm status` promises a way in although nobody can know of one; says when it ceased to. */
async function statusSaysSo(scene: Scene): Promise<void> {
  const { world, found, figure, pause } = scene
  const startedMs = monotonicMs()
  for (;;) {
    const { code } = await world.device.oobm('status')
    const tookMs = monotonicMs() - startedMs
    if (code !== 0) return figure('status says so after s', Math.round(tookMs / 1000))
    if (tookMs > LIMIT.promiseSilent + SLACK_MS) {
      return found(`oobm status: exit 0 ${Math.round(tookMs / 1000)} s after the way was gone`)
    }
    await pause(1_000)
  }
}

async function full({ device }: World) {
  const { host, runtime } = device
  await host.sh(`cat /dev/zero >'${runtime}/ballast' 2>/dev/null || true`)
  return async () => void (await host.sh(`rm -f '${runtime}/ballast'`))
}

async function readOnly({ device }: World) {
  const { host, runtime } = device
  await host.sh(`mount -o remount,ro '${runtime}'`)
  return async () => void (await host.sh(`mount -o remount,rw '${runtime}'`))
}

async function unreached(world: World) {
  const end = await resetNew(world)
  await sessionsKilled(world)
  return end
}
