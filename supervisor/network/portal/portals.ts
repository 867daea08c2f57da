/** The captive portals that are in the way now: looked for when a relay is not reached, seldom, and one after the other. */
import type { Clock } from '../../../runtime/clock.ts'
import type { Logger } from '../../../runtime/log.ts'
import { within } from '../../../runtime/waiting.ts'
import type { NetworkPath } from '../../../transport/open-stream.ts'
import { askApi } from './ask-api.ts'
import { askPortal } from './ask-portal.ts'

/** One that was found. */
export interface Portal {
  /** Undefined for the default route. */
  interface: string | undefined
  /** Where its page is, as text of a stranger that a terminal can show. */
  page: string
  /** When it was last seen, on the monotonic clock. */
  atMs: number
}

export interface PortalsOptions {
  pathOf(interfaceName: string | undefined): NetworkPath
  /** The API of a portal that DHCP names on that interface. */
  dhcpPortal(interfaceName: string): URL | undefined
  clock: Clock
  signal: AbortSignal
  log: Logger
  /** What is in the way has changed. */
  changed(): void
}

/** Milliseconds for one look, and for the API of a portal. */
const LOOK_MS = 10_000
const API_MS = 5_000
/** Milliseconds between two looks at the same network: some hundred bytes each, also where bytes are paid for. */
const PACE_MS = 300_000
/** Milliseconds after which one that was not seen again is not shown any more. */
const AGE_MAX_MS = 3 * PACE_MS
/** Interfaces that are remembered: more than a board has ports. */
const INTERFACES_MAX = 16

interface Look {
  atMs: number
  network: string | undefined
  page: string | undefined
}

export class Portals {
  readonly #options: PortalsOptions
  /** The last look, by interface. */
  readonly #looks = new Map<string | undefined, Look>()
  #looking: { interface: string | undefined; isOver: boolean } | undefined

  constructor(options: PortalsOptions) {
    this.#options = options
  }

  /** A relay was not reached by it. Returns at once. */
  notReached(host: string, interfaceName: string | undefined): void {
    const { pathOf, clock } = this.#options
    const path = pathOf(interfaceName)
    const last = this.#looks.get(interfaceName)
    const network = path.network()
    const isNew = last === undefined || last.network !== network
    if (this.#looking || (!isNew && clock.nowMs() - last.atMs < PACE_MS)) return
    const looking = { interface: interfaceName, isOver: false }
    this.#looking = looking
    // What is known of the default route begins with its interface.
    const name = interfaceName ?? network?.split(' ', 1)[0]
    void this.#look(path, host, name).then(page => {
      this.#looking = undefined
      if (looking.isOver) return
      // Moved meanwhile: what was found is another network's.
      this.#note(interfaceName, { atMs: clock.nowMs(), network, page: path.network() === network ? page : undefined })
    })
  }

  /** A relay was reached by it: nothing is in the way. */
  reached(interfaceName: string | undefined): void {
    // The other relay may have a web server that leads elsewhere.
    const looking = this.#looking
    if (looking && looking.interface === interfaceName) looking.isOver = true
    const last = this.#looks.get(interfaceName)
    this.#looks.delete(interfaceName)
    if (last?.page !== undefined) this.#options.changed()
  }

  list(): Portal[] {
    const { clock } = this.#options
    return [...this.#looks].flatMap(([name, { page, atMs }]) =>
      page === undefined || clock.nowMs() - atMs > AGE_MAX_MS ? [] : { interface: name, page, atMs },
    )
  }

  async #look(path: NetworkPath, host: string, name: string | undefined): Promise<string | undefined> {
    const { clock, signal, log, dhcpPortal } = this.#options
    try {
      const api = name === undefined ? undefined : dhcpPortal(name)
      const told = api && (await within(API_MS, [signal], deadline => askApi(path, api, deadline), { clock }))
      if (told?.kind === 'done' && told.value !== undefined) return told.value
      const looked = await within(LOOK_MS, [signal], deadline => askPortal(path, host, deadline), { clock })
      return looked.kind === 'done' ? looked.value : undefined
    } catch (err) {
      log.error({ err }, 'no captive portal can be looked for')
      return undefined
    }
  }

  #note(interfaceName: string | undefined, look: Look): void {
    const hadPage = this.#looks.get(interfaceName)?.page !== undefined
    this.#looks.delete(interfaceName)
    this.#looks.set(interfaceName, look)
    for (const oldest of [...this.#looks.keys()].slice(0, -INTERFACES_MAX)) this.#looks.delete(oldest)
    if (hadPage || look.page !== undefined) this.#options.changed()
  }
}
