/** Rows: what the path between device and relay may do. */
import { farAway, slowUp } from '../inflict/link.ts'
import {
  loss,
  natLost,
  nothingDown,
  nothingUp,
  publicAddressChanged,
  silentPath,
  smallPacketsOnly,
} from '../inflict/path.ts'
import { sessionsKilled } from '../inflict/processes.ts'
import { LIMIT, type Row } from '../row.ts'
import { duringSelfTest, type Person, personIn, sendUp } from './steps.ts'

const THEME = 'The path'
const silent = { outlastMs: LIMIT.promiseSilent, healMs: LIMIT.afterSilence }
const NO_RELAY = { state: /^no-relay$/ }

const blackhole = (lastsS: number): Row => ({
  name: `silent-${lastsS}s`,
  title: `the path is silent for ${lastsS} s`,
  theme: THEME,
  lastsS,
  returns: true,
  inflict: silentPath,
  demands: { ...silent, ...(lastsS > 30 ? { shows: [NO_RELAY] } : {}) },
})

export const pathRows: Row[] = [
  { ...blackhole(30), ci: true },
  blackhole(60),
  { ...blackhole(180), quickS: 90 },
  {
    name: 'nothing-up-60s',
    title: 'nothing goes from the device to the relay for 60 s',
    theme: THEME,
    lastsS: 60,
    returns: true,
    inflict: nothingUp,
    demands: { ...silent, shows: [NO_RELAY] },
  },
  {
    name: 'nothing-down-60s',
    title: 'nothing comes from the relay to the device for 60 s',
    theme: THEME,
    lastsS: 60,
    returns: true,
    inflict: nothingDown,
    demands: { ...silent, shows: [NO_RELAY] },
  },
  {
    name: 'nat-lost-silent',
    title: 'the NAT forgets the flows; packets of old ones are dropped',
    theme: THEME,
    lastsS: 0,
    goesAround: true,
    inflict: natLost('silent'),
    demands: silent,
  },
  {
    name: 'nat-lost-reset',
    title: 'the NAT forgets the flows; packets of old ones get an RST',
    theme: THEME,
    lastsS: 0,
    goesAround: true,
    inflict: natLost('reset'),
    demands: silent,
  },
  {
    name: 'public-address-changed',
    title: 'the public address changes; packets of old flows are dropped',
    theme: THEME,
    lastsS: 0,
    goesAround: true,
    inflict: publicAddressChanged,
    demands: silent,
  },
  {
    name: 'silent-in-selftest',
    title: 'the path goes silent just after a self-test logged in; old flows never return',
    theme: THEME,
    lastsS: 10,
    before: duringSelfTest,
    inflict: async world => {
      const forget = await natLost('silent')(world)
      const silence = await silentPath(world)
      return async () => {
        await silence()
        // What belongs to old flows stays lost: the rule of `forget` is for good.
        void forget
      }
    },
    demands: silent,
  },
  lossyRow(),
  {
    name: 'far-800ms',
    title: 'a line with a round trip of 800 ms; the device’s session is killed on the relay',
    theme: THEME,
    lastsS: 0,
    probeMs: 15_000,
    alone: true,
    world: { beforeDevice: world => farAway(world, 400) },
    inflict: sessionsKilled,
    // A login takes eight round trips to the relay, and one through it twice as many.
    demands: { ...silent, healMs: 40_000 },
    after: async ({ world, found }) => {
      const { code, stdout } = await world.device.oobm('test')
      if (code !== 0) found(`oobm test on that line: exit ${code}: ${stdout.trim().split('\n').at(-1)}`)
    },
  },
  uploadRow(),
  {
    name: 'small-packets-only',
    title: 'packets above 576 bytes vanish without a word; the session was killed',
    theme: THEME,
    // A login that is not answered is given up after 20 s, on a busy board after up to 80 s.
    lastsS: 100,
    inflict: async world => {
      const end = await smallPacketsOnly(world)
      await sessionsKilled(world)
      return end
    },
    demands: { ...silent, shows: [{ ...NO_RELAY, cause: /large packets are lost/ }] },
  },
]

/** Nobody probes: whoever is in is the measure. */
function lossyRow(): Row {
  let person: Person | undefined
  return {
    name: 'loss-25',
    title: 'a quarter of all packets is lost each way for 30 minutes, with a person in',
    theme: THEME,
    ...{ lastsS: 1800, quickS: 120 },
    ...{ attention: 'rest', probeMs: 20_000, returns: true },
    before: async scene => {
      person = await personIn(scene)
    },
    inflict: loss(4),
    after: async ({ found, figure }) => {
      if (!person?.isIn()) found('the person was cut')
      figure('lines that came', person?.ticks() ?? 0)
    },
    demands: { ...silent, keeps: ['both'] },
  }
}

function uploadRow(): Row {
  let person: Person | undefined
  return {
    name: 'upload-256k',
    title: '20 MB go up over 256 kbit/s, with a shell open beside it',
    theme: THEME,
    ...{ lastsS: 640, quickS: 100 },
    ...{ attention: 'rest', probeMs: 20_000, alone: true },
    before: async scene => {
      person = await personIn(scene)
      await slowUp('256kbit')(scene.world)
    },
    inflict: async () => async () => {},
    meanwhile: scene => sendUp(scene, scene.full ? 20_000_000 : 3_000_000),
    after: async ({ found, figure }) => {
      if (!person?.isIn()) found('the person was cut')
      figure('lines that came', person?.ticks() ?? 0)
    },
    demands: { ...silent, keeps: ['both'], never: /^(no-relay|unproved|no-link)$/ },
  }
}
