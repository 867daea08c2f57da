/** A history: faults of the simulated world, each with its beginning and its end, and what must be true when all are over. */
import { isProvedReachable } from '../../../formats/states.ts'
import type { FakeConnection, Mood } from './fake-connection.ts'
import { SimulatedDevice } from './simulated-device.ts'
import { type RelayModel, World } from './world.ts'

/** What can go wrong for a time. Each undoes itself. */
export const FAULTS = {
  'the path is silent': ({ world }) => set(world, 'isPathUp', false, true),
  'the path is silent and forgets its flows': ({ world }) => {
    for (const connection of world.connections) connection.isLost = true
    return set(world, 'isPathUp', false, true)
  },
  'the flows are forgotten': ({ world }) => {
    for (const connection of world.connections) connection.isLost = true
    return undefined
  },
  'the connections are reset': ({ world }) => {
    for (const connection of [...world.connections]) {
      connection.isEvicted = true
      connection.close('the other end closed the connection')
    }
    return undefined
  },
  'the name is not served': ({ world }) => set(world, 'isNameServed', false, true),
  'new connections are dropped': ({ relay }) => set(relay, 'takes', 'drops', 'well'),
  'the relay refuses': ({ relay }) => set(relay, 'takes', 'refuses', 'well'),
  'the relay accepts and says nothing': ({ relay }) => set(relay, 'takes', 'silent', 'well'),
  'the relay turns away': ({ relay }) => set(relay, 'takes', 'turns-away', 'well'),
  'the relay does not accept the key': ({ relay }) => set(relay, 'takes', 'rejects', 'well'),
  'the relay is frozen': ({ relay }) => set(relay, 'isFrozen', true, false),
  'the relay forwards nothing': ({ relay }) => set(relay, 'forwards', false, true),
  'the relay drops each connection after 2.5 s': ({ relay }) => set(relay, 'dropsAfterMs', 2_500, undefined),
  'sshd does not listen any more': ({ relay }) => set(relay, 'listens', false, true),
  'maintenance is off': ({ relay }) => {
    relay.isOff = true
    for (const session of relay.sessions) session.sayMaintenance()
    return () => {
      relay.isOff = false
      for (const session of relay.sessions) session.sayMaintenance()
    }
  },
  'sshd is stopped': ({ world }) => set(world.health, 'shell', 'stopped', 'well'),
  'sshd is dead': ({ world }) => set(world.health, 'shell', 'dead', 'well'),
  'the bridge is stopped': ({ world }) => set(world.health, 'console', 'stopped', 'well'),
  'the bridge is dead': ({ world }) => set(world.health, 'console', 'dead', 'well'),
  'the address is gone': ({ world }) => {
    const before = world.addresses
    world.addresses = new Set()
    world.events.notify('network')
    return () => {
      if (world.addresses.size === 0) world.addresses = before
      world.events.notify('network')
    }
  },
  'another address': ({ world }) => {
    world.addresses = new Set([`192.0.2.${2 + Math.floor(world.clock.nowMs() / 1000)}`])
    return tell(world, 'network')
  },
  'an event of the network': ({ world }) => tell(world, 'network'),
  'somebody asks for a self-test': ({ world }) => tell(world, 'test'),
} satisfies Record<string, (scene: { world: World; relay: RelayModel }) => (() => void) | undefined>

export type FaultName = keyof typeof FAULTS

export interface Fault {
  name: FaultName
  atMs: number
  /** Infinity: for ever, and the device has to find another way. */
  forMs: number
  /** Which relay, counted from 0. */
  relay: number
  /** How the first calls from its beginning on are answered. */
  moods: Mood[]
}

export interface History {
  relays: number
  faults: Fault[]
  /** Of what is random in the loop. */
  seed: number
  /** Milliseconds that this device's own SSH servers take for each answer of a login: a slow board. */
  loginMs?: number
  /** Milliseconds after which the device must be ready again, where it is to be quicker than in any history. */
  healthyMs?: number
  /** The tunnel that is there before the first fault must be there at the end, too. */
  keepsTunnel?: boolean
}

/** Milliseconds of health after which the device must be ready. */
export const HEALTHY_MS = 60_000
/** Milliseconds for the slow tries that follow ten minutes of `refused`. */
const SLOW_MS = 360_000

/** @returns what did not hold, with what was shown; undefined when all did */
export async function live(history: History, firstMs = 20_000): Promise<string | undefined> {
  const { relays, faults, seed, loginMs = 0, healthyMs = HEALTHY_MS, keepsTunnel = false } = history
  const world = new World(relays)
  world.loginMs = loginMs
  const { clock } = world
  const device = new SimulatedDevice(world, randomFrom(seed))
  let overMs = firstMs
  let kept: FakeConnection | undefined
  const beforeMs = Math.min(...faults.map(({ atMs }) => atMs)) - 1
  if (keepsTunnel) clock.at(beforeMs, () => ([kept] = world.tunnels))
  for (const fault of faults) {
    const { name, atMs, forMs, moods } = fault
    const relay = world.relays[fault.relay % relays] as RelayModel
    overMs = Math.max(overMs, Number.isFinite(forMs) ? atMs + forMs : atMs)
    clock.at(atMs, () => {
      world.setMoods([...moods])
      const undo = FAULTS[name]({ world, relay })
      if (undo && Number.isFinite(forMs)) clock.at(atMs + forMs, undo)
    })
  }
  await device.runUntil(overMs)
  world.setMoods([])
  const wasRefused = device.state === 'refused' && overMs > 600_000
  await device.runUntil(overMs + healthyMs + (wasRefused ? SLOW_MS : 0))
  if (device.broken.length === 0 && !isProvedReachable(device.state)) {
    device.broken.push(`the world is healthy since ${overMs / 1000} s, and the device is ${device.state}`)
  }
  if (keepsTunnel && (kept === undefined || !world.tunnels.includes(kept))) {
    device.broken.push('the tunnel was given up, although it could have been kept')
  }
  if (device.broken.length === 0) await device.stop()
  return device.broken.length === 0 ? undefined : [...device.broken, ...device.shown].join('\n  ')
}

/** mulberry32: small, and the same everywhere. */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

function tell(world: World, reason: 'network' | 'test'): undefined {
  world.events.notify(reason)
}

/** The end of one of two that overlap is the end of both. */
function set<T, K extends keyof T>(object: T, key: K, value: T[K], healthy: T[K]): () => void {
  object[key] = value
  return () => {
    object[key] = healthy
  }
}
