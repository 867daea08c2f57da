/** The states that the LED, `oobm status` and the reports use, worst first, with what each means to field staff. */

/** One flash: milliseconds lit, then milliseconds dark. */
export type Flash = readonly [onMs: number, offMs: number]

export interface StateDescription {
  /** Played over and over. Every state moves: light or dark that stands still means that the program is not running. */
  pattern: readonly Flash[]
  /** The pattern as field staff would say it over the phone. */
  looks: string
  meaning: string
  /** What somebody on site can do. */
  remedy: string
  /** Whether a technician can get in. */
  reach: Reach
}

/** `off`: the operator has switched access off; `partly`: a console is missing. */
export type Reach = 'none' | 'off' | 'partly' | 'proved'

const LIT_MS = 250
const PAUSE_MS = 1500

/** `count` flashes that can be counted by eye, then a pause. */
function counted(count: number): readonly Flash[] {
  return Array.from({ length: count }, (_, i) => [LIT_MS, i === count - 1 ? PAUSE_MS : LIT_MS] as const)
}

/** Worst first: of several that hold, the first one shows. */
export const STATES = {
  unconfigured: {
    pattern: [[100, 100]],
    looks: 'flickers fast without a pause',
    meaning: 'there is no configuration, or it cannot be used',
    remedy: 'read oobm-error.txt on the card in a PC, and send it to the operator; oobm doctor says the same',
    reach: 'none',
  },
  'no-link': {
    pattern: counted(1),
    looks: 'one flash, then a pause',
    meaning: 'no network: no cable, no Wi-Fi, or no address',
    remedy: 'check the network cable and the switch port',
    reach: 'none',
  },
  hotspot: {
    pattern: [[1500, 1500]],
    looks: 'slow, even blinking, once in three seconds',
    meaning: 'no network leads out, and the hotspot of the device is on',
    remedy: 'check the network of the site; who joins the Wi-Fi of the device sees more on its page',
    reach: 'none',
  },
  'no-relay': {
    pattern: counted(2),
    looks: 'two flashes, then a pause',
    meaning: 'the network works, but the relay cannot be reached through it',
    remedy: 'ask whether this network allows port 443 out; try another switch port or network',
    reach: 'none',
  },
  refused: {
    pattern: counted(3),
    looks: 'three flashes, then a pause',
    meaning: 'the relay answers, but does not accept this device',
    remedy: 'call the operator: the relay does not accept a key or the listener, or its host key has changed',
    reach: 'none',
  },
  enrolling: {
    pattern: [
      [150, 250],
      [150, 250],
      [1500, PAUSE_MS],
    ],
    looks: 'two short flashes, a long one, then a pause',
    meaning: 'a new board: it waits until the operator accepts it',
    remedy: 'tell the operator the serial number and the fingerprint in oobm-enrol.txt on the card',
    reach: 'none',
  },
  stale: {
    pattern: counted(4),
    looks: 'four flashes, then a pause',
    meaning: 'an old session of this device still holds its place on the relay',
    remedy: 'wait a minute; if it stays, call the operator',
    reach: 'none',
  },
  duplicate: {
    pattern: counted(5),
    looks: 'five flashes, then a pause',
    meaning: 'another device uses the same identity',
    remedy: 'call the operator: two cards have the same oobm.toml',
    reach: 'none',
  },
  unproved: {
    pattern: counted(6),
    looks: 'six flashes, then a pause',
    meaning: 'connected, but the way back into this device is not proved',
    remedy: 'wait a minute; if it stays, call the operator',
    reach: 'none',
  },
  maintenance: {
    pattern: [
      [2000, 200],
      [200, 200],
    ],
    looks: 'long light, short flash',
    meaning: 'remote access is switched off by the operator',
    remedy: 'nothing; the operator can switch it on again',
    reach: 'off',
  },
  'no-console': {
    pattern: counted(7),
    looks: 'seven flashes, then a pause',
    meaning: 'proved, but the line of a console is not open',
    remedy: 'check the adapter and the cable to the console port',
    reach: 'partly',
  },
  ready: {
    pattern: [[1850, 150]],
    looks: 'on, with a short gap every two seconds',
    meaning: 'proved: a technician can get in',
    remedy: 'nothing; you can leave',
    reach: 'proved',
  },
  'in-use': {
    pattern: [[500, 500]],
    looks: 'even blinking, once a second',
    meaning: 'proved, and a technician is in now',
    remedy: 'leave it plugged in',
    reach: 'proved',
  },
} as const satisfies Record<string, StateDescription>

export type State = keyof typeof STATES

/** All states, worst first. */
export const STATE_NAMES = Object.keys(STATES) as State[]

/** @param state also one of another version: nothing is known of that */
export function reachOf(state: string): Reach {
  const known = STATE_NAMES.find(name => name === state)
  return known === undefined ? 'none' : STATES[known].reach
}

/** Whether a technician can get in: the way back is proved, whatever the console lines are. */
export function isProvedReachable(state: string): boolean {
  const reach = reachOf(state)
  return reach === 'proved' || reach === 'partly'
}

/**
 * Status files and reports called the state `word` before they called it `state`. Both keys are written for those who read
 * the older one, and either is read: a daemon of the older package runs on until nobody uses it.
 */
export function withWord<T extends { state: string }>(one: T): T & { word: string } {
  return { ...one, word: one.state }
}

/** What is read, with `state` where it has `word` alone. */
export function withState(json: unknown): unknown {
  return typeof json === 'object' && json !== null && 'word' in json ? { state: json.word, ...json } : json
}
