/** Rows: what the path between device and relay may do. */
import { natLost, nothingDown, nothingUp, publicAddressChanged, silentPath } from '../inflict/path.ts'
import { LIMIT, type Row } from '../row.ts'

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
]
