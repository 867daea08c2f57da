/** Rows: what a relay may do. */
import { newConnectionsDropped, resetNew } from '../inflict/path.ts'
import {
  keyRefused,
  relayGone,
  relayListenersStopped,
  relayRefuses,
  relayStopped,
  sessionsKilled,
} from '../inflict/processes.ts'
import { LIMIT, type Row } from '../row.ts'
import { askForSelfTest } from './steps.ts'

const THEME = 'The relay'
const promised = { outlastMs: LIMIT.promiseSilent }
const NO_RELAY = { state: /^no-relay$/ }

export const relayRows: Row[] = [
  {
    name: 'session-killed',
    title: 'the device’s session is killed on the relay',
    theme: THEME,
    lastsS: 0,
    inflict: sessionsKilled,
    demands: { ...promised, healMs: LIMIT.afterEvent },
    ci: true,
  },
  {
    name: 'relay-refuses-10s',
    title: 'the relay is restarted, and refuses connections for 10 s',
    theme: THEME,
    lastsS: 10,
    inflict: relayRefuses,
    demands: { ...promised, healMs: LIMIT.afterRefusal, shows: [NO_RELAY] },
    ci: true,
  },
  {
    name: 'relay-refuses-300s',
    title: 'the relay refuses connections for 300 s',
    theme: THEME,
    ...{ lastsS: 300, quickS: 60 },
    inflict: relayRefuses,
    demands: { ...promised, healMs: LIMIT.afterLongRefusal + 10_000, shows: [{ ...NO_RELAY, cause: /refuse/ }] },
  },
  {
    name: 'relay-gone-10s',
    title: 'the relay’s host is gone for 10 s, and its sessions with it',
    theme: THEME,
    lastsS: 10,
    inflict: relayGone,
    demands: { ...promised, healMs: LIMIT.afterSilence },
  },
  {
    name: 'relay-gone-300s',
    title: 'the relay’s host is gone for 300 s, and its sessions with it',
    theme: THEME,
    ...{ lastsS: 300, quickS: 75 },
    inflict: relayGone,
    demands: { ...promised, healMs: LIMIT.afterSilence, shows: [NO_RELAY] },
  },
  {
    name: 'relay-stopped',
    title: 'every sshd process of the relay stands still for 120 s',
    theme: THEME,
    ...{ lastsS: 120, quickS: 60 },
    attention: 'probe',
    inflict: relayStopped,
    demands: { ...promised, healMs: LIMIT.afterSilence, shows: [{ state: /^(no-relay|unproved)$/ }] },
  },
  {
    name: 'relay-listener-stopped',
    title: 'the relay’s sshd accepts nobody, living tunnels go on; a self-test is due',
    theme: THEME,
    ...{ lastsS: 120, quickS: 60 },
    attention: 'probe',
    inflict: relayListenersStopped,
    meanwhile: askForSelfTest,
    demands: {
      ...{ outlastMs: 0, healMs: LIMIT.afterSilence, keeps: ['both'] as const, toTheEnd: true },
      shows: [{ state: /^unproved$/ }],
    },
  },
  {
    name: 'reset-60s',
    title: 'new connections get an RST for 60 s, after the session was killed',
    theme: THEME,
    ...{ lastsS: 60, quickS: 40 },
    inflict: async world => {
      const end = await resetNew(world)
      await sessionsKilled(world)
      return end
    },
    demands: { ...promised, healMs: 12_000, shows: [NO_RELAY] },
  },
  {
    name: 'new-connections-dropped',
    title: 'new connections to the relay are dropped, as fail2ban does; a self-test is due',
    theme: THEME,
    ...{ lastsS: 300, quickS: 100 },
    attention: 'probe',
    inflict: newConnectionsDropped,
    meanwhile: askForSelfTest,
    demands: {
      ...{ outlastMs: 0, healMs: LIMIT.afterEvent, keeps: ['both'] },
      shows: [{ state: /^ready$/, cause: /new connections/ }],
      never: /^(no-relay|unproved)$/,
    },
  },
  {
    name: 'key-refused',
    title: 'the relay refuses the device’s key for 7 minutes',
    theme: THEME,
    ...{ lastsS: 420, quickS: 75 },
    inflict: keyRefused,
    demands: { ...promised, healMs: 35_000, shows: [{ state: /^refused$/, cause: /key/ }] },
  },
]
