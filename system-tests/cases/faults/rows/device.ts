/** Rows: the device's own sshd, its bridge, and what is plugged into it. */
import { killed, sshdStarved, standsStill, starved } from '../inflict/processes.ts'
import { PROMISING } from '../observation.ts'
import { LIMIT, type Row } from '../row.ts'
import { waitForState } from './steps.ts'

const THEME = 'The device’s own sshd, bridge and console'
const own = { outlastMs: LIMIT.promiseOwnFault, healMs: LIMIT.afterEvent }

const row = (changes: Omit<Row, 'theme'>): Row => ({ theme: THEME, attention: 'probe', ...changes })

export const deviceRows: Row[] = [
  row({
    name: 'sshd-stopped',
    title: 'the device’s sshd stands still for 90 s',
    ...{ lastsS: 90, quickS: 60 },
    inflict: standsStill('sshd'),
    demands: { ...own, keeps: ['console'], toTheEnd: true, shows: [{ state: /^unproved$/, cause: /sshd/ }] },
  }),
  row({
    name: 'sshd-killed',
    title: 'the device’s sshd is gone for 60 s',
    lastsS: 60,
    inflict: killed('sshd'),
    demands: { ...own, keeps: ['console'], toTheEnd: true, shows: [{ state: /^unproved$/, cause: /sshd/ }] },
  }),
  row({
    name: 'sshd-slow',
    title: 'the device’s sshd gets 1 % of a processor for 300 s; a self-test is due',
    ...{ lastsS: 300, quickS: 90 },
    // Nobody probes: five greetings a second are more than it can give, and what waits would be turned away (MaxStartups).
    attention: 'rest',
    inflict: sshdStarved(1),
    meanwhile: async ({ world, figure, found }) => {
      const startedMs = performance.now()
      const { code, stdout } = await world.device.oobm('test')
      figure('self-test ms', Math.round(performance.now() - startedMs))
      if (code !== 0) found(`a self-test that is only slow failed: ${stdout.trim().split('\n').at(-1)}`)
    },
    demands: { ...own, keeps: ['both'], never: /^(no-relay|unproved)$/ },
  }),
  row({
    name: 'bridge-stopped',
    title: 'the console bridge stands still for 50 s',
    lastsS: 50,
    inflict: standsStill('bridge'),
    demands: {
      ...own,
      keeps: ['shell'],
      toTheEnd: true,
      shows: [{ state: /^(unproved|no-console)$/, cause: /bridge/ }],
    },
  }),
  row({
    name: 'bridge-killed',
    title: 'the console bridge is killed; its unit starts it again',
    lastsS: 0,
    inflict: killed('bridge'),
    demands: { ...own, keeps: ['shell'] },
  }),
  row({
    name: 'bridge-slow',
    title: 'the console bridge gets 5 % of a processor for 120 s; a self-test is due',
    ...{ lastsS: 120, quickS: 60 },
    attention: 'rest',
    inflict: starved('bridge', 5),
    meanwhile: async ({ world, found }) => {
      const { code, stdout } = await world.device.oobm('test')
      if (code !== 0) found(`a self-test that is only slow failed: ${stdout.trim().split('\n').at(-1)}`)
    },
    demands: { ...own, keeps: ['both'], never: /^(no-relay|unproved)$/ },
  }),
  row({
    name: 'adapter-unplugged',
    title: 'the console’s adapter is pulled for 20 s',
    lastsS: 20,
    inflict: async ({ equipment }) => {
      await equipment.unplug()
      return equipment.plug
    },
    meanwhile: async scene => {
      const shownMs = await waitForState(scene, state => state === 'no-console', 10_000)
      if (shownMs === undefined) scene.found('no-console was not shown within 10 s')
      else scene.figure('shown after ms', shownMs)
    },
    after: async scene => {
      const goneMs = await waitForState(scene, state => PROMISING.includes(state) && state !== 'no-console', 10_000)
      if (goneMs === undefined) scene.found('10 s after it was plugged in, its console was not shown as open')
    },
    demands: {
      outlastMs: 0,
      healMs: LIMIT.afterEvent,
      keeps: ['both'],
      shows: [{ state: /^no-console$/, cause: /bench-console/ }],
    },
    ci: true,
  }),
]
