/** Rows: what the device's own link may do. */
import { addressGone, carrierLost, gatewayGone, linksDown, ownAddressChanges, routeGone } from '../inflict/link.ts'
import { LIMIT, type Row } from '../row.ts'
import { ADDRESS } from '../world/network.ts'

const THEME = 'The device’s link'
const event = { outlastMs: LIMIT.promiseSilent, healMs: LIMIT.afterEvent }

export const linkRows: Row[] = [
  {
    name: 'address-changes',
    title: 'the device gets another address',
    theme: THEME,
    lastsS: 0,
    inflict: ownAddressChanges(ADDRESS.deviceOthers[0]),
    demands: event,
    ci: true,
  },
  {
    name: 'address-changes-twice',
    title: 'the device gets another address, and again another 8 s later',
    theme: THEME,
    lastsS: 8,
    inflict: ownAddressChanges(ADDRESS.deviceOthers[0]),
    meanwhile: async ({ world, recorder, pause }) => {
      await pause(8_000)
      recorder.attend('fresh')
      await ownAddressChanges(ADDRESS.deviceOthers[1])(world)
    },
    demands: event,
  },
  {
    name: 'address-gone-2s',
    title: 'the address is gone for 2 s, and the same one comes back',
    theme: THEME,
    lastsS: 2,
    returns: true,
    inflict: addressGone,
    demands: event,
  },
  {
    name: 'address-gone-10s',
    title: 'the address is gone for 10 s, and the same one comes back',
    theme: THEME,
    lastsS: 10,
    returns: true,
    inflict: addressGone,
    demands: { ...event, shows: [{ state: /^no-link$/ }] },
  },
  {
    name: 'links-down-90s',
    title: 'all links are down for 90 s',
    theme: THEME,
    ...{ lastsS: 90, quickS: 45 },
    inflict: linksDown,
    demands: { ...event, shows: [{ state: /^no-link$/ }] },
    ci: true,
  },
  {
    name: 'carrier-lost-10s',
    title: 'the cable is out for 10 s, the address stays',
    theme: THEME,
    lastsS: 10,
    returns: true,
    inflict: carrierLost,
    demands: event,
  },
  {
    name: 'gateway-gone-30s',
    title: 'the gateway is gone from the cable for 30 s',
    theme: THEME,
    lastsS: 30,
    returns: true,
    inflict: gatewayGone,
    demands: { ...event, healMs: LIMIT.afterSilence },
  },
  {
    name: 'route-gone-30s',
    title: 'the default route is gone for 30 s',
    theme: THEME,
    lastsS: 30,
    returns: true,
    inflict: routeGone,
    demands: event,
  },
]
