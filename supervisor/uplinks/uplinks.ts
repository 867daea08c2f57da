/** The uplinks of this device: what is known of each, and by which a new connection goes. Who proves them reports it here. */
import type { UplinkSettings } from '../../formats/uplink-settings.ts'
import type { Clock } from '../../runtime/clock.ts'
import { DataUse } from './data-use.ts'
import type { ModemTrouble } from './dialled-modems.ts'
import { BROKE_MS, betterOne, byPreference, inOrder, type Known, lately, proofDueMs } from './judge-uplinks.ts'
import type { Uplink } from './list-uplinks.ts'
import { type UplinkStatus, uplinkStatus } from './uplink-status.ts'

/** By which interface a connection goes. */
export interface Way {
  /** Undefined where nobody knows: as the kernel routes. */
  uplink: string | undefined
  /** What a connection must be bound to; undefined for the default route. */
  interface: string | undefined
  isMetered: boolean
}

export interface UplinksOptions {
  settings: readonly UplinkSettings[]
  clock: Pick<Clock, 'nowMs'>
  /** Looks at the interfaces. */
  list(): Uplink[]
  /** Bytes in both directions since the interface came; undefined where it is gone. */
  bytesOf(name: string): number | undefined
  /** Modems that are dialled, and no uplinks now; none where nothing dials. */
  modems?(): readonly ModemTrouble[]
}

const AS_ROUTED: Way = { uplink: undefined, interface: undefined, isMetered: false }

export class Uplinks {
  readonly #options: UplinksOptions
  readonly #known = new Map<string, Known>()
  #carrying: string | undefined

  constructor(options: UplinksOptions) {
    this.#options = options
    this.look()
  }

  /** Looks at the interfaces again; called when the network changes. */
  look(): void {
    const nowMs = this.#options.clock.nowMs()
    const here = this.#options.list()
    const names = new Set(here.map(({ name }) => name))
    for (const known of this.#known.values()) if (known.isHere && !names.has(known.uplink.name)) leaves(known, nowMs)
    for (const uplink of here) {
      const known = this.#known.get(uplink.name)
      if (known?.uplink.link === uplink.link) {
        if (!known.isHere) Object.assign(known, { cameMs: nowMs, failuresInARow: 0 })
        Object.assign(known, { uplink, isHere: true })
      } else this.#known.set(uplink.name, { ...fresh(uplink, nowMs), ...remembered(known) })
    }
    for (const known of this.#known.values()) {
      known.isMetered = this.#isMetered(known.uplink)
      if (known.isMetered) this.#count(known, nowMs)
    }
  }

  /** By which a new connection goes, best first; at least one. */
  ways(): Way[] {
    this.look()
    const known = inOrder(this.#preferred(), this.#options.clock.nowMs())
    return known.length === 0 ? [AS_ROUTED] : known.map(one => this.#way(one))
  }

  /**
   * By which a connection goes that has this address of ours. Two may have the same address, as modems of one make do.
   * @param interfaceName what it is bound to; undefined where the kernel routes it
   */
  wayOf(localAddress: string | undefined, interfaceName?: string): Way {
    this.look()
    const here = [...this.#known.values()].filter(({ isHere }) => isHere)
    const found = here.filter(
      ({ uplink: { name, addresses } }) =>
        name === interfaceName ||
        (interfaceName === undefined && localAddress !== undefined && addresses.includes(plain(localAddress))),
    )
    const known = found.find(({ uplink }) => uplink.isDefault) ?? found[0]
    return known ? this.#way(known) : AS_ROUTED
  }

  /** Whether there is another way out than this one. */
  hasOther(than: string | undefined): boolean {
    return than !== undefined && [...this.#known.values()].some(({ uplink, isHere }) => isHere && uplink.name !== than)
  }

  /** The tunnel goes over this one; undefined while there is none. */
  carries(name: string | undefined): void {
    this.#carrying = name
  }

  /** A login through the relay over this one came back into this device. */
  proved(name: string | undefined, atMs: number): void {
    const known = this.#of(name)
    if (!known) return
    Object.assign(known, { provedMs: atMs, sinceMs: known.sinceMs ?? atMs, failure: undefined, failuresInARow: 0 })
  }

  /** It could not be used, while another one could. */
  failed(name: string | undefined, cause: string): void {
    const known = this.#of(name)
    if (!known) return
    const nowMs = this.#options.clock.nowMs()
    breaks(known, nowMs)
    Object.assign(known, { failure: { atMs: nowMs, cause }, failuresInARow: known.failuresInARow + 1 })
  }

  /** It is being proved while it stands by. */
  asked(name: string | undefined): void {
    const known = this.#of(name)
    const nowMs = this.#options.clock.nowMs()
    if (known) known.askedMs = [...lately(known.askedMs, nowMs), nowMs]
  }

  /** Where the tunnel is to go, without haste. */
  better(): Way | undefined {
    if (this.#carrying === undefined) return undefined
    const known = betterOne(this.#preferred(), this.#carrying, this.#options.clock.nowMs())
    return known && this.#way(known)
  }

  /** The next one to be proved while it stands by, and when; undefined while there is none. */
  nextProof(): { way: Way; dueMs: number } | undefined {
    this.look()
    const carrying = this.#carrying
    if (carrying === undefined || !this.#known.has(carrying)) return undefined
    const nowMs = this.#options.clock.nowMs()
    const preferred = this.#preferred()
    const [next] = preferred
      .filter(({ isHere, uplink }) => isHere && uplink.name !== carrying)
      .map(known => ({ way: this.#way(known), dueMs: proofDueMs(known, preferred, carrying, nowMs) }))
      .toSorted((a, b) => a.dueMs - b.dueMs)
    return next
  }

  /** Of all that were ever seen, as they are preferred; see uplinkStatus. */
  status(): UplinkStatus[] | undefined {
    const { clock, modems = () => [] } = this.#options
    return uplinkStatus(this.#preferred(), this.#carrying, clock.nowMs(), modems())
  }

  #count(known: Known, nowMs: number): void {
    const count = this.#options.bytesOf(known.uplink.name)
    if (count === undefined) return
    known.use ??= new DataUse(count, nowMs)
    known.use.sample(count, nowMs)
  }

  /**
   * Bound also where it is the default route, while another one is away that would take that: what is bound to none leaves
   * by the new default route then, with an address of the old one, and nobody answers it.
   */
  #way(known: Known): Way {
    const { name, isDefault, metric } = known.uplink
    const mayLoseIt = [...this.#known.values()].some(other => other !== known && other.uplink.metric < metric)
    return { uplink: name, interface: isDefault && !mayLoseIt ? undefined : name, isMetered: known.isMetered }
  }

  #preferred(): Known[] {
    return byPreference([...this.#known.values()], this.#options.settings)
  }

  #of(name: string | undefined): Known | undefined {
    return name === undefined ? undefined : this.#known.get(name)
  }

  /** A modem alone may be somebody's only line, whose profile says what it costs. */
  #isMetered({ name, kind }: Uplink): boolean {
    const entry = this.#options.settings.find(one => one.interface === name)
    return entry?.metered ?? (kind === 'modem' && this.#known.size > 1)
  }
}

function fresh(uplink: Uplink, nowMs: number): Known {
  return {
    ...{ uplink, isHere: true, isMetered: false, provedMs: undefined, sinceMs: undefined, failure: undefined },
    ...{ failuresInARow: 0, brokeMs: [], askedMs: [], cameMs: nowMs, use: undefined },
  }
}

/** The interface is gone, or has no carrier, address or route any more. */
function leaves(known: Known, nowMs: number): void {
  breaks(known, nowMs)
  known.isHere = false
}

/** Its proofs so far say nothing about what comes. */
function breaks(known: Known, nowMs: number): void {
  const brokeMs = known.brokeMs.filter(atMs => nowMs - atMs < BROKE_MS)
  Object.assign(known, { brokeMs: known.sinceMs === undefined ? brokeMs : [...brokeMs, nowMs], sinceMs: undefined })
}

/** What outlives a change of the network behind it: how often it broke, and what it costs. */
function remembered(known: Known | undefined): Partial<Known> {
  return known ? { brokeMs: known.brokeMs, askedMs: known.askedMs, use: known.use } : {}
}

function plain(address: string): string {
  return address.replace(/^::ffff:/, '')
}
