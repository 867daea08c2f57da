/** What a soak picks from: faults that a world recovers from by itself when they are over. */

import type { Inflict } from '../inflict/fault.ts'
import { addressGone, carrierLost, gatewayGone, linksDown, ownAddressChanges, routeGone } from '../inflict/link.ts'
import { namesFail, namesPoint, namesRefused } from '../inflict/names.ts'
import {
  loss,
  natLost,
  newConnectionsDropped,
  nothingDown,
  nothingUp,
  publicAddressChanged,
  reset,
  resetNew,
  silentPath,
} from '../inflict/path.ts'
import {
  killed,
  relayListenersStopped,
  relayRefuses,
  relayStopped,
  sessionsKilled,
  standsStill,
} from '../inflict/processes.ts'
import type { Attention } from '../observe/listener.ts'
import { ADDRESS } from '../world/network.ts'

export interface SoakFault {
  name: string
  inflict: Inflict
  /** Two of one kind do not go together: each would undo the other. */
  kind: 'path' | 'link' | 'relay' | 'names' | 'device'
  /** Whether a dead session may hold the listener: then nobody may keep it alive by trying. */
  attention: Attention
  /** Also done before anything is counted. */
  warmsUp?: boolean
}

const fault = (kind: SoakFault['kind'], attention: Attention, faults: Record<string, Inflict>): SoakFault[] =>
  Object.entries(faults).map(([name, inflict]) => ({ name, inflict, kind, attention }))

export const SOAK_FAULTS: readonly SoakFault[] = [
  { name: 'session killed', inflict: sessionsKilled, kind: 'relay', attention: 'fresh', warmsUp: true },
  { name: 'silent path', inflict: silentPath, kind: 'path', attention: 'fresh', warmsUp: true },
  ...fault('path', 'fresh', {
    'nothing up': nothingUp,
    'nothing down': nothingDown,
    'NAT lost': natLost('silent'),
    'NAT lost, RST': natLost('reset'),
    'public address changed': publicAddressChanged,
    'RST for all': reset,
    'RST for new ones': resetNew,
  }),
  ...fault('path', 'probe', { 'a tenth lost': loss(10), 'new connections dropped': newConnectionsDropped }),
  ...fault('link', 'fresh', {
    'address gone': addressGone,
    'carrier lost': carrierLost,
    'gateway gone': gatewayGone,
    'links down': linksDown,
    'route gone': routeGone,
    'another address': async world => {
      await ownAddressChanges(ADDRESS.deviceOthers[0])(world)
      return async () => void (await ownAddressChanges(ADDRESS.device)(world))
    },
  }),
  // A relay's host that vanishes is not among them: its listener is gone at once, and nobody can know for half a minute.
  ...fault('relay', 'fresh', { 'relay refuses': relayRefuses }),
  ...fault('relay', 'probe', { 'relay stands still': relayStopped, 'relay accepts nobody': relayListenersStopped }),
  ...fault('names', 'probe', {
    'names refused': namesRefused,
    'names silent': namesFail('silent'),
    'names wrong': namesPoint([ADDRESS.nobody]),
  }),
  ...fault('device', 'probe', {
    'sshd stands still': standsStill('sshd'),
    'sshd gone': killed('sshd'),
    'bridge stands still': standsStill('bridge'),
    'bridge killed': killed('bridge'),
  }),
]
