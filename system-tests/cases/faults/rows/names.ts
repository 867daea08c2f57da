/** Rows: names that are not answered, or lead elsewhere, and addresses that are slow or dead. */
import type { Inflict } from '../inflict/fault.ts'
import { namesFail, namesPoint, namesRefused, onlyIpv6, onlyNat64, relayMoved } from '../inflict/names.ts'
import { deadAddress, firstSynLost } from '../inflict/path.ts'
import { thenKilled } from '../inflict/processes.ts'
import { LIMIT, type Row } from '../row.ts'
import { ADDRESS } from '../world/network.ts'
import { askForSelfTest, technicianGetsIn } from './steps.ts'

const THEME = 'Names and addresses'
const promised = { outlastMs: LIMIT.promiseSilent }
/** The tunnel works, and nothing but names does not: nobody may notice it at the way. */
const unharmed = { outlastMs: 0, healMs: LIMIT.afterEvent, keeps: ['both' as const], never: /^(no-relay|unproved)$/ }

const dead = (name: string, title: string, fault: Inflict): Row => ({
  name,
  title: `${title}; a self-test is due`,
  theme: THEME,
  ...{ lastsS: 120, quickS: 60 },
  attention: 'probe',
  inflict: fault,
  meanwhile: askForSelfTest,
  demands: unharmed,
})

export const nameRows: Row[] = [
  { ...dead('names-refused', 'the name server is gone', namesRefused), ci: true },
  dead('names-silent', 'the name server is silent', namesFail('silent')),
  dead('names-wrong', 'the relay’s name leads to nobody', namesPoint([ADDRESS.nobody])),
  {
    name: 'names-silent-killed',
    title: 'the name server is silent for 60 s, and the session was killed',
    theme: THEME,
    ...{ lastsS: 60, quickS: 40 },
    inflict: thenKilled(namesFail('silent')),
    demands: { ...promised, healMs: 15_000 },
  },
  {
    name: 'relay-moved',
    title: 'the relay moves to another address, and its name follows',
    theme: THEME,
    lastsS: 0,
    goesAround: true,
    inflict: relayMoved,
    demands: { ...promised, healMs: LIMIT.afterSilence },
  },
  {
    name: 'ipv6-only',
    title:
      'IPv4 is gone, and IPv6 is there: an address, a router and a name server; the relay’s name has an address of each',
    theme: THEME,
    lastsS: 0,
    goesAround: true,
    alone: true,
    inflict: onlyIpv6,
    after: technicianGetsIn,
    demands: { ...promised, healMs: LIMIT.afterSilence },
  },
  {
    name: 'nat64',
    title: 'IPv4 is gone, and IPv6 is there with a NAT64; the relay has an IPv4 address alone',
    theme: THEME,
    lastsS: 0,
    goesAround: true,
    alone: true,
    inflict: onlyNat64,
    after: technicianGetsIn,
    demands: { ...promised, healMs: LIMIT.afterSilence, shows: [{ state: /^ready$/, cause: /through the NAT64/ }] },
  },
  {
    name: 'two-addresses',
    title: 'the relay’s name has an address whose first SYN is lost, and a dead one; the session was killed',
    theme: THEME,
    ...{ lastsS: 120, quickS: 60 },
    goesAround: true,
    inflict: thenKilled(async world => {
      const ends = [
        await firstSynLost(world),
        await deadAddress(world),
        await namesPoint([ADDRESS.relays[0], ADDRESS.nobody])(world),
      ]
      return async () => {
        for (const end of ends) await end()
      }
    }),
    demands: { ...promised, healMs: LIMIT.afterEvent },
  },
  {
    name: 'ipv6-dead',
    title: 'the relay’s name has an IPv6 address, and IPv6 is a black hole; the session was killed',
    theme: THEME,
    ...{ lastsS: 120, quickS: 60 },
    goesAround: true,
    inflict: thenKilled(async world => {
      const { device } = world.network
      await device.sh('ip address add 2001:db8:77::2/64 dev eth0 nodad; ip -6 route add default via 2001:db8:77::1')
      const ends = [await deadAddress(world), await namesPoint([ADDRESS.nobody6, ADDRESS.relays[0]])(world)]
      return async () => {
        for (const end of ends) await end()
      }
    }),
    demands: { ...promised, healMs: LIMIT.afterEvent },
  },
]
