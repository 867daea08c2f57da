/** The ways to relays: what was proved on which network, what was tried last, and what is tried next. */
import type { Clock } from '../../runtime/clock.ts'
import type { Certificate, Rung, Way } from '../../transport/way.ts'
import { type OrderOptions, rungOrder } from './rung-order.ts'

export interface Endpoint {
  host: string
  port: number
}

/** How one way to a relay was found when it was tried last. */
export interface TriedWay {
  rung: Rung
  relay: Endpoint
  /** What it was bound to; undefined for the default route. */
  interface: string | undefined
  /** Why the relay was not reached by it; undefined where it was. */
  cause: string | undefined
  /** On the monotonic clock. */
  atMs: number
}

/** What is kept over restarts. */
export interface WayMemory {
  /** What was proved last, by network; the newest last. */
  networks: Map<string, Rung>
  /** The first certificate that was seen of each relay whose login was accepted, by `host:port`. */
  certificates: Map<string, Certificate>
}

export interface WaysOptions {
  /** The ways that the configuration leaves to a relay, the simplest first. */
  rungsTo(host: string): readonly Rung[]
  memory: WayMemory
  /** Which network an interface, or the default route, is in. */
  networkOf(interfaceName: string | undefined): string | undefined
  clock: Pick<Clock, 'nowMs'>
  /** The memory has changed. */
  save(memory: WayMemory): void
  /** What was tried has changed. */
  changed(tried: readonly TriedWay[]): void
}

/** Networks that are remembered; a device that travels has a few. */
const NETWORKS_MAX = 32
/** Milliseconds after which the direct way is tried first again where another one was proved. */
const DIRECT_AGAIN_MS = 6 * 3_600_000

export class Ways {
  readonly #options: WaysOptions
  readonly #tried = new Map<string, TriedWay>()
  /** By relay and interface: one that is dead must not make the others try more ways. */
  readonly #tries = new Map<string, { directMs: number; failures: number }>()
  readonly #startedMs: number

  constructor(options: WaysOptions) {
    this.#options = options
    this.#startedMs = options.clock.nowMs()
  }

  /** What to try now, the first first. */
  order(relay: Endpoint, interfaceName: string | undefined): Rung[] {
    const { rungsTo, memory, networkOf } = this.#options
    const network = networkOf(interfaceName)
    const { failures } = this.#triesOf(relay, interfaceName)
    const situation: OrderOptions = {
      available: rungsTo(relay.host),
      remembered: network === undefined ? undefined : memory.networks.get(network),
      isDirectDue: this.isDirectDue(relay, interfaceName),
      failures,
    }
    return rungOrder(situation)
  }

  /** Whether the direct way was not tried for long. */
  isDirectDue(relay: Endpoint, interfaceName: string | undefined): boolean {
    return this.#options.clock.nowMs() - this.#triesOf(relay, interfaceName).directMs >= DIRECT_AGAIN_MS
  }

  /** A relay was reached by it, or was not, for this cause. */
  tried({ host, port }: Endpoint, interfaceName: string | undefined, rung: Rung, cause: string | undefined): void {
    const { clock, changed } = this.#options
    const atMs = clock.nowMs()
    if (rung === 'direct') this.#triesOf({ host, port }, interfaceName).directMs = atMs
    const key = `${host}:${port} ${rung}`
    this.#tried.delete(key)
    this.#tried.set(key, { rung, relay: { host, port }, interface: interfaceName, cause, atMs })
    changed([...this.#tried.values()])
  }

  /** One try is over, by whichever ways. */
  ended(relay: Endpoint, interfaceName: string | undefined, wasReached: boolean): void {
    const tries = this.#triesOf(relay, interfaceName)
    tries.failures = wasReached ? 0 : tries.failures + 1
  }

  /** A tunnel by it was proved. */
  proved({ host, port }: Endpoint, { interface: name, rung, certificate }: Way): void {
    const { memory, networkOf, save } = this.#options
    const network = networkOf(name)
    let isNew = false
    if (network !== undefined && memory.networks.get(network) !== rung) {
      memory.networks.delete(network)
      memory.networks.set(network, rung)
      for (const oldest of [...memory.networks.keys()].slice(0, -NETWORKS_MAX)) memory.networks.delete(oldest)
      isNew = true
    }
    const key = `${host}:${port}`
    if (certificate && !this.isForeign({ host, port }, { certificate })) {
      isNew ||= memory.certificates.get(key)?.fingerprint !== certificate.fingerprint
      memory.certificates.set(key, certificate)
    }
    if (isNew) save(memory)
  }

  /**
   * Whether a relay shows another certificate than before, of another issuer: this network opens TLS, or the relay was set up
   * anew. A renewed one has the same issuer.
   */
  isForeign({ host, port }: Endpoint, { certificate }: Pick<Way, 'certificate'>): boolean {
    const known = this.#options.memory.certificates.get(`${host}:${port}`)
    if (known === undefined || certificate === undefined) return false
    return known.fingerprint !== certificate.fingerprint && known.issuer !== certificate.issuer
  }

  #triesOf({ host, port }: Endpoint, interfaceName = '') {
    const key = `${host}:${port} ${interfaceName}`
    const tries = this.#tries.get(key) ?? { directMs: this.#startedMs, failures: 0 }
    this.#tries.set(key, tries)
    return tries
  }
}
