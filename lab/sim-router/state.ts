/** What the simulated router is at one moment, and what can happen to it. */
import { type EditedLine, EMPTY_LINE } from './line-editor.ts'

export interface RouterState {
  /** When it was switched on or last reset: the break window counts from here. */
  readonly startedMs: number
  readonly mode: Mode
  readonly line: EditedLine
  readonly running: RouterConfig
  /** What it comes back with after a reload. */
  readonly startup: RouterConfig
  /** When the break that lasts now began. */
  readonly breakSinceMs: number | undefined
  /** The latest breaks, oldest first. */
  readonly breaks: readonly BreakSeen[]
}

export type Mode =
  /** @property shown how many of the boot messages are out; @property dueMs when the next one is */
  | { readonly name: 'booting'; readonly how: 'cold' | 'warm'; readonly shown: number; readonly dueMs: number }
  | { readonly name: 'rommon'; readonly promptNumber: number }
  /** "Press RETURN to get started." */
  | { readonly name: 'waiting' }
  | { readonly name: 'user' }
  | { readonly name: 'privileged' }
  | { readonly name: 'config' }
  | { readonly name: 'interface'; readonly interface: string }
  | { readonly name: 'confirm-reload' }

export interface RouterConfig {
  readonly hostname: string
  readonly interfaces: Readonly<Record<string, InterfaceConfig>>
}

export interface InterfaceConfig {
  readonly description: string
  readonly shutdown: boolean
}

export interface BreakSeen {
  /** Milliseconds of up time at its end. */
  readonly upMs: number
  readonly lengthMs: number
  readonly acted: boolean
}

/** A state, and what the router prints on the way to it. */
export interface Step {
  readonly state: RouterState
  readonly output: string
}

const down: InterfaceConfig = { description: '', shutdown: true }
const FACTORY: RouterConfig = {
  hostname: 'Router',
  interfaces: {
    'GigabitEthernet0/0': { description: 'uplink', shutdown: false },
    'GigabitEthernet0/1': down,
    'GigabitEthernet0/2': down,
  },
}

/** A router that is switched on now. */
export function powerOn(nowMs: number): RouterState {
  return {
    startedMs: nowMs,
    mode: { name: 'booting', how: 'cold', shown: 0, dueMs: nowMs },
    line: EMPTY_LINE,
    running: FACTORY,
    startup: FACTORY,
    breakSinceMs: undefined,
    breaks: [],
  }
}

/** Starts anew; what was not saved is lost. */
export function restart(state: RouterState, how: 'cold' | 'warm', nowMs: number): RouterState {
  return {
    ...state,
    startedMs: nowMs,
    mode: { name: 'booting', how, shown: 0, dueMs: nowMs },
    line: EMPTY_LINE,
    running: state.startup,
  }
}

export function promptOf({ mode, running: { hostname } }: RouterState): string {
  switch (mode.name) {
    case 'rommon':
      return `rommon ${mode.promptNumber} > `
    case 'user':
      return `${hostname}>`
    case 'privileged':
      return `${hostname}#`
    case 'config':
      return `${hostname}(config)#`
    case 'interface':
      return `${hostname}(config-if)#`
    case 'booting':
    case 'waiting':
    case 'confirm-reload':
      return ''
  }
}
