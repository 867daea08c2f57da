/** What a person changes of the networks of a board, and whether that may cut somebody off; pure. */
import type { WifiConfig } from '../../formats/site-config.ts'
import { UserError } from '../../runtime/errors.ts'
import { nearest } from '../../runtime/nearest.ts'
import { shownName } from './network-name.ts'

export type Change =
  | { kind: 'add'; network: Pick<WifiConfig, 'ssid' | 'passphrase' | 'security' | 'hidden'> }
  | { kind: 'remove'; ssid: string }
  | { kind: 'prefer'; ssid: string }

/** The network that the board is in. */
export interface Place {
  ssid: string
  /** Whether it is in by the second passphrase. */
  isNext: boolean
}

export interface Plan {
  wifi: WifiConfig[]
  /** The same place, as the new networks have it; undefined where the board is in none. */
  place: Place | undefined
  /** The board would leave its network, for this one; or for none. */
  leavesFor: string | undefined
  /** Whether a proof must decide. */
  needsTrial: boolean
  /** What was changed, as a whole sentence. */
  said: string
}

/** The highest that a file may have (formats/site-config). */
const PRIORITY_MAX = 1000

/** The first is tried first. Of two with the same priority, the board takes the stronger one. */
export function inOrder(wifi: readonly WifiConfig[]): WifiConfig[] {
  return wifi.toSorted((a, b) => b.priority - a.priority)
}

/**
 * @returns undefined when everything is so already
 * @throws UserError when it makes no sense
 */
export function planChange(before: readonly WifiConfig[], change: Change, place: Place | undefined): Plan | undefined {
  switch (change.kind) {
    case 'add':
      return planAddition(before, change.network, place)
    case 'remove': {
      const { ssid } = networkOf(before, change.ssid)
      const wifi = before.filter(network => network.ssid !== ssid)
      const isPlace = place?.ssid === ssid
      const said = `The device no longer knows ${shownName(ssid)}.`
      return { wifi, place, leavesFor: inOrder(wifi)[0]?.ssid, needsTrial: isPlace, said }
    }
    case 'prefer': {
      const chosen = networkOf(before, change.ssid)
      const others = before.filter(network => network !== chosen)
      if (others.every(({ priority }) => priority < chosen.priority)) return undefined
      const wifi = withPriority(before, chosen.ssid, 'first')
      const needsTrial = place !== undefined && place.ssid !== chosen.ssid
      const said = `The device takes ${shownName(chosen.ssid)} before all others.`
      return { wifi, place, leavesFor: chosen.ssid, needsTrial, said }
    }
    default:
      return change satisfies never
  }
}

/** Beside what is there, and after it: nobody is cut off by a network that does not work. */
function planAddition(
  before: readonly WifiConfig[],
  network: Extract<Change, { kind: 'add' }>['network'],
  place: Place | undefined,
): Plan {
  const { ssid, passphrase } = network
  const known = before.find(other => other.ssid === ssid)
  const name = shownName(ssid)
  if (known === undefined) {
    const wifi = withPriority([...before, { ...network, priority: 0, source: 'hand' }], ssid, 'last')
    const said =
      before.length === 0 ? `The device takes ${name}.` : `The device takes ${name} when no other is in reach.`
    return { wifi, place, leavesFor: undefined, needsTrial: false, said }
  }
  if (known.eap !== undefined || known.passphrase === undefined || passphrase === undefined)
    throw new UserError(
      `${name} is there already, and only a passphrase can be added to a network that has one: remove it first, or bring its settings by "oobm import" or a signed document`,
    )
  const isIn = place?.ssid === ssid
  if ([known.passphrase, known.nextPassphrase].includes(passphrase))
    throw new UserError(`${name} has this passphrase already`)
  // The one that works stays, whichever it is.
  const works = isIn && place.isNext ? known.nextPassphrase : known.passphrase
  const changed: WifiConfig = { ...known, passphrase: works, nextPassphrase: passphrase, source: 'hand' }
  return {
    wifi: before.map(other => (other === known ? changed : other)),
    place: isIn ? { ssid, isNext: false } : place,
    ...{ leavesFor: undefined, needsTrial: false },
    said: `The device tries the new passphrase of ${name} when the present one is refused.`,
  }
}

function networkOf(wifi: readonly WifiConfig[], ssid: string): WifiConfig {
  const found = wifi.find(network => network.ssid === ssid)
  if (found !== undefined) return found
  const near = nearest(
    ssid,
    wifi.map(network => network.ssid),
  )
  const meant = near === undefined ? '' : `; did you mean ${shownName(near)}?`
  throw new UserError(`${shownName(ssid)} is none of the networks that the device knows${meant}`)
}

/** Before all others, or after them. The numbers of the others stay as they are where they can. */
function withPriority(wifi: readonly WifiConfig[], ssid: string, where: 'first' | 'last'): WifiConfig[] {
  const others = wifi.filter(network => network.ssid !== ssid).map(({ priority }) => priority)
  const [least, most] = [Math.min(...others, PRIORITY_MAX), Math.max(...others, 0)]
  const set = (own: number, of: (priority: number) => number) =>
    wifi.map(network => ({ ...network, priority: network.ssid === ssid ? own : of(network.priority) }))
  if (others.length === 0) return set(0, priority => priority)
  if (where === 'first' && most < PRIORITY_MAX) return set(most + 1, priority => priority)
  if (where === 'last' && least > 0) return set(least - 1, priority => priority)
  const levels = [...new Set(others)].sort((a, b) => a - b)
  if (where === 'first') return set(levels.length, priority => levels.indexOf(priority))
  if (most < PRIORITY_MAX) return set(0, priority => priority + 1)
  return set(0, priority => levels.indexOf(priority) + 1)
}
