/** Facts → one state and its cause: the worst cause wins, and hides its own symptoms. */
import type { State } from '../../formats/states.ts'
import type { Facts } from './facts.ts'

export interface Status {
  state: State
  /** Part of a sentence for a technician, without ages and counts, so that it changes only when the cause does. */
  cause: string
}

export interface Limits {
  /** Monotonic milliseconds now: a board without a clock learns the time long after it started. */
  nowMs: number
  /** Milliseconds after which another supervisor that was turned away counts as gone. */
  othersMaxAgeMs: number
}

/** The status at one moment. Nothing else in the supervisor decides what the LED says. */
export function deriveStatus(facts: Facts, limits: Limits): Status {
  const { tunnel, linkUp } = facts
  if (facts.configurationFault !== undefined) return { state: 'unconfigured', cause: facts.configurationFault }
  if (facts.hotspot !== undefined && (tunnel.state === 'down' || tunnel.addressGone)) {
    const { ssid, address } = facts.hotspot
    return {
      state: 'hotspot',
      cause: `nothing leads out, and the hotspot "${ssid}" is on: this board is ${address} there`,
    }
  }
  if (tunnel.state === 'down') {
    if (!linkUp) {
      const modems = facts.modems.map(({ name, why }) => `${name} (modem): ${why}`)
      return { state: 'no-link', cause: ['no network interface has an address', ...modems].join('; ') }
    }
    const { state, cause } = tunnel.failure ?? { state: 'no-relay', cause: 'connecting for the first time' }
    return { state, cause: state === 'no-relay' ? [...facts.portals.map(inTheWay), cause].join('; ') : cause }
  }
  if (tunnel.addressGone)
    return {
      state: 'no-link',
      cause: 'this device lost the address that the tunnel used, and the relay has not answered since',
    }
  if (limits.nowMs - tunnel.aliveMs > tunnel.limits.silentMaxMs) {
    const { host, port } = tunnel.relay
    return {
      state: 'no-relay',
      cause: `${host}:${port} no longer answers on the tunnel; trying a new connection`,
    }
  }
  if (facts.othersSeenMs !== undefined && limits.nowMs - facts.othersSeenMs < limits.othersMaxAgeMs) {
    return {
      state: 'duplicate',
      cause: 'another device with the same identity tries to connect; this device stays connected',
    }
  }
  // Nothing can be proved while access is off: that is not a fault.
  if (facts.maintenance !== 'on') {
    return { state: 'maintenance', cause: `the operator has switched access ${facts.maintenance}` }
  }
  return provedStatus(facts, limits.nowMs, tunnel.limits.proofMaxAgeMs)
}

/** Whether a relay is reached now: also where nobody can get in for another reason, and where a new board waits to be accepted. */
export function hasWayOut({ tunnel }: Facts, nowMs: number): boolean {
  if (tunnel.state === 'down') return tunnel.failure?.state === 'enrolling'
  return !tunnel.addressGone && nowMs - tunnel.aliveMs <= tunnel.limits.silentMaxMs
}

function inTheWay({ interface: name, page }: Facts['portals'][number]): string {
  return `a captive portal is in the way${name === undefined ? '' : ` of ${name}`}: ${page}`
}

function provedStatus(facts: Facts, nowMs: number, proofMaxAgeMs: number): Status {
  const { proof, local, statusFault } = facts
  if (statusFault !== undefined)
    return { state: 'unproved', cause: `the status file cannot be written: ${statusFault}` }
  const fault = localFault(local)
  if (fault !== undefined) return { state: 'unproved', cause: fault }
  switch (proof.state) {
    case 'none':
      return { state: 'unproved', cause: 'connected; the first self-test is running' }
    case 'failed':
      return { state: 'unproved', cause: proof.cause }
    case 'proved':
      if (nowMs - proof.atMs > proofMaxAgeMs) return { state: 'unproved', cause: 'the last proof is too old' }
      return reachable(facts, proof.note)
    default:
      return proof satisfies never
  }
}

/** Names the other way in too: a technician can use it now. */
function localFault({ shell, console }: Facts['local']): string | undefined {
  if (shell !== undefined && console !== undefined) return `${shell}; ${console}`
  if (shell !== undefined) return `${shell}; the consoles are not affected`
  if (console !== undefined) return `${console}; the shell is not affected`
  return undefined
}

/** Proved. A console line that is not open is shown unless somebody works on another console. */
function reachable({ closedConsoles = [], consolesInUse, sessions, tunnel }: Facts, note: string | undefined): Status {
  const closed = new Set(closedConsoles.map(({ name }) => name))
  const isOnAnother = consolesInUse.some(name => !closed.has(name))
  if (closedConsoles.length > 0 && !isOnAnother) {
    const each = closedConsoles.map(({ name, cause }) => `${name}: ${cause}`).join('; ')
    return { state: 'no-console', cause: `proved, but a console line is not open: ${each}` }
  }
  const way = tunnel.state === 'up' && tunnel.way ? `, ${tunnel.way}` : ''
  const more = `${way}${note === undefined ? '' : `; ${note}`}`
  if (sessions.shell + sessions.console > 0) return { state: 'in-use', cause: `proved, and somebody is in${more}` }
  return { state: 'ready', cause: `proved: a technician can get in${more}` }
}
