/** One listener on one relay: what is known of the way behind it, from looks that send nothing and from probes. */
import { monotonicMs } from '../monotonic.ts'
import type { Way } from '../observation.ts'
import type { Look, RelayWatcher } from './relay-watcher.ts'

export type Attention = 'rest' | 'fresh' | 'probe'

/** Probes under way at once: a way that is silent holds each of them for its whole deadline. */
const MAX_PROBES = 4
/** Milliseconds: what was under way when the fault began still arrives. */
const IN_FLIGHT_MS = 300
const UNHEARD = 'the relay has heard nothing from the device since the fault'

export class Listener {
  readonly port: number
  readonly #watcher: RelayWatcher
  readonly #probeMs: number
  way: Way = { atMs: monotonicMs(), ok: false, why: 'not looked at yet' }
  held: Way = this.way
  #attention: Attention = 'probe'
  /** When `fresh` began, and who held the listener then. */
  #sinceMs = 0
  #before: number | null = null
  #inode: number | null = null
  #probes = 0
  /** When the last probe began that was answered, or the listener was last seen to be another. */
  #provedMs = 0

  constructor(port: number, watcher: RelayWatcher, probeMs: number) {
    this.port = port
    this.#watcher = watcher
    this.#probeMs = probeMs
  }

  /** @param sinceMs for `fresh`: data from before do not count */
  attend(attention: Attention, sinceMs: number): void {
    this.#attention = attention
    this.#sinceMs = sinceMs
    this.#before = this.#inode
  }

  saw({ inode, heardAgoMs }: Look, atMs: number, changed: () => void): void {
    this.#inode = inode
    if (this.held.ok !== (inode !== null)) this.held = { ok: inode !== null, why: 'nobody listens on the relay', atMs }
    const heardMs = heardAgoMs === null ? 0 : atMs - heardAgoMs
    const isOld = inode === this.#before && heardMs < this.#sinceMs + IN_FLIGHT_MS
    if (inode === null) this.#is(false, 'nobody listens on the relay', atMs)
    else if (this.#attention === 'fresh' && isOld) this.#is(false, UNHEARD, Math.min(atMs, this.#sinceMs))
    else if (this.#attention === 'rest' && this.way.ok) return
    else if (this.#probes < MAX_PROBES) void this.#probe(inode, changed)
  }

  async #probe(inode: number, changed: () => void): Promise<void> {
    this.#probes++
    const startedMs = monotonicMs()
    try {
      const { ok, why, atMs } = await this.#watcher.probe(this.port, this.#probeMs)
      // What an older probe did not get says nothing against a newer one that was answered.
      if (startedMs < this.#provedMs || (ok && this.#inode !== inode)) return
      if (ok) this.#provedMs = startedMs
      this.#is(ok, why, ok ? atMs : startedMs)
      changed()
    } catch {
      // The relay's host is gone with the world.
    } finally {
      this.#probes--
    }
  }

  #is(ok: boolean, why: string, atMs: number): void {
    if (this.way.ok !== ok) this.way = { ok, why, atMs }
  }
}
