/** The tunnel's moves from one way out to another: which was left, why, and when people could come in again. */
import type { Move, WayOut } from '../status/move.ts'
import type { RunFacts } from './run-facts.ts'
import type { RunEnding } from './run-tunnel.ts'

type Left = Pick<Move, 'from' | 'why' | 'lostMs' | 'closedMs'>

export class Moves {
  readonly #nowMs: () => number
  readonly #tell: (move: Move) => void
  /** By which people came in. */
  readonly #used = new WeakSet<RunFacts>()
  #present: RunFacts | undefined
  #left: Left | undefined
  #planned: { to: RunFacts; why: string } | undefined

  /** @param tell gets each of them, also one between two tunnels of the same way */
  constructor(nowMs: () => number, tell: (move: Move) => void) {
    this.#nowMs = nowMs
    this.#tell = tell
  }

  /** The next one is better than the present one, which goes on until it is empty. */
  plan(to: RunFacts, why: string): void {
    this.#planned = { to, why }
  }

  /** People come in by this tunnel; called again and again. */
  carries(facts: RunFacts): void {
    if (facts === this.#present) return
    const before = this.#present
    const left = this.#left
    this.#present = facts
    this.#left = undefined
    this.#used.add(facts)
    const nowMs = this.#nowMs()
    if (left) this.#arrived(left, facts)
    else if (before && this.#planned?.to === facts) {
      const when = { lostMs: nowMs, closedMs: nowMs, backMs: nowMs }
      this.#tell({ from: wayOutOf(before), to: wayOutOf(facts), why: this.#planned.why, kind: 'planned', ...when })
    }
    this.#planned = undefined
  }

  ended(facts: RunFacts, ending: RunEnding): void {
    const why = whyOf(facts, ending)
    if (why === undefined || !this.#used.has(facts)) return
    const left = { from: wayOutOf(facts), why, lostMs: facts.aliveMs, closedMs: this.#nowMs() }
    // Who was left in one that had been replaced can come back at once.
    if (this.#present && facts !== this.#present) this.#arrived(left, this.#present)
    else {
      this.#present = undefined
      // The first one says why people were cut off.
      this.#left ??= left
    }
  }

  #arrived(left: Left, to: RunFacts): void {
    this.#tell({ ...left, to: wayOutOf(to), kind: 'lost', backMs: this.#nowMs() })
  }
}

function wayOutOf({ way, via, relay }: RunFacts): WayOut {
  return { uplink: way.uplink, rung: via.rung, relay: `${relay.host}:${relay.port}` }
}

/** Undefined where this program ended it. */
function whyOf({ relay, addressGone }: RunFacts, ending: RunEnding): string | undefined {
  switch (ending.kind) {
    case 'stopped':
      return undefined
    case 'replaced':
      return addressGone ? 'its address is gone' : `${relay.host}:${relay.port} stopped answering`
    case 'redirected':
      return 'the relay sent this device to another one'
    case 'lost':
    case 'failed':
      return ending.failure.cause
    default:
      return ending satisfies never
  }
}
