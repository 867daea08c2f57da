/**
 * Watches the ways back and the device's claims, four times a second and more.
 *
 * What it may not do is keep a dead session alive: sshd begins its ClientAliveInterval anew at every connection to a listener, so
 * a port that somebody tries four times a second is never given up. So there are three kinds of attention:
 *   rest   nothing is sent while somebody listens, which is read from the kernel
 *   fresh  probes only a listener that is another than before the fault, or whose connection has brought data since
 *   probe  probes whatever listens: for faults under which the connection lives
 */

import { monotonicMs } from '../monotonic.ts'
import type { Claim, PartyWays, Way } from '../observation.ts'
import type { Device } from '../world/device.ts'
import { readClaim } from './claims.ts'
import { type Attention, Listener } from './listener.ts'
import type { Look, RelayWatcher } from './relay-watcher.ts'

const PACE_MS = 200
/** What a first try takes, on a line with a round trip of 800 ms too. */
const RETURN_MS = 3_000

export interface RecorderOptions {
  device: Device
  watchers: readonly RelayWatcher[]
  /** Shell listeners by party; the consoles' is the next port. */
  ports: { ours: number; peer?: number }
  probeMs: number
}

export class Recorder {
  readonly #options: RecorderOptions
  readonly #listeners: { party: 'ours' | 'peer'; end: 'shell' | 'console'; relay: number; listener: Listener }[]
  readonly #ending = new AbortController()
  #turns: Promise<unknown> = Promise.resolve()
  readonly claims: Claim[] = []
  readonly ways: Record<'ours' | 'peer', PartyWays> = { ours: emptyWays(), peer: emptyWays() }

  constructor(options: RecorderOptions) {
    this.#options = options
    const { watchers, ports, probeMs } = options
    const parties = [
      ['ours', ports.ours] as const,
      ...(ports.peer === undefined ? [] : [['peer', ports.peer] as const]),
    ]
    this.#listeners = parties.flatMap(([party, first]) =>
      watchers.flatMap((watcher, relay) =>
        (['shell', 'console'] as const).map((end, at) => ({
          ...{ party, end, relay },
          listener: new Listener(first + at, watcher, probeMs),
        })),
      ),
    )
  }

  start(): void {
    const relays = this.#options.watchers.map((_, relay) => this.#forEver(() => this.#lookAt(relay)))
    this.#turns = Promise.all([...relays, this.#forEver(() => this.#readClaim())])
  }

  /** @throws what went wrong in its loops: a bench that saw nothing must not pass */
  async stop(): Promise<void> {
    this.#ending.abort()
    await this.#turns
  }

  attend(attention: Attention): void {
    const nowMs = monotonicMs()
    for (const { listener } of this.#listeners) listener.attend(attention, nowMs)
  }

  /**
   * At the end of a fault after which old flows may go on: tries once whether they do, as a technician would, and goes on
   * to look only at what was heard of since.
   */
  async attendReturn(): Promise<void> {
    const endedMs = monotonicMs()
    for (const { listener } of this.#listeners) listener.attend('probe', endedMs)
    await new Promise(resolve => setTimeout(resolve, RETURN_MS))
    for (const { listener } of this.#listeners) listener.attend('fresh', endedMs)
  }

  /** The last claim. */
  claim(): Claim | undefined {
    return this.claims.at(-1)
  }

  isBack(party: 'ours' | 'peer', end: keyof PartyWays = 'both'): boolean {
    return this.ways[party][end].at(-1)?.ok ?? false
  }

  /** Loops that fail reject at once when the recorder stops, or when somebody waits for it. */
  get failed(): Promise<unknown> {
    return this.#turns
  }

  async #forEver(turn: () => Promise<void>): Promise<void> {
    while (!this.#ending.signal.aborted) {
      const startedMs = monotonicMs()
      await turn()
      await new Promise(resolve => setTimeout(resolve, Math.max(20, PACE_MS - (monotonicMs() - startedMs))))
    }
  }

  async #lookAt(relay: number): Promise<void> {
    const watcher = this.#options.watchers[relay]
    const mine = this.#listeners.filter(one => one.relay === relay)
    const look = await watcher?.look(mine.map(({ listener }) => listener.port))
    if (!look) return
    for (const { listener } of mine) {
      listener.saw(look.ports[listener.port] as Look, look.atMs, () => this.#sum())
    }
    this.#sum()
  }

  /** A party's way is there when one relay has both of its listeners. */
  #sum(): void {
    for (const party of ['ours', 'peer'] as const) {
      const mine = this.#listeners.filter(one => one.party === party)
      if (mine.length === 0) continue
      const of = (end: 'shell' | 'console') => mine.filter(one => one.end === end).map(({ listener }) => listener)
      push(this.ways[party].shell, any(of('shell')))
      push(this.ways[party].console, any(of('console')))
      const pairs = of('shell').map((shell, at) => worse(shell.way, (of('console')[at] as Listener).way))
      push(this.ways[party].both, best(pairs))
      push(this.ways[party].held, best(of('shell').map(({ held }) => held)))
    }
  }

  async #readClaim(): Promise<void> {
    const claim = await readClaim(this.#options.device)
    const last = this.claims.at(-1)
    if (last && (Object.keys(claim) as (keyof typeof claim)[]).every(key => claim[key] === last[key])) return
    this.claims.push({ atMs: monotonicMs(), ...claim })
  }
}

function emptyWays(): PartyWays {
  return { both: [], shell: [], console: [], held: [] }
}

const any = (listeners: Listener[]) => best(listeners.map(({ way }) => way))
const worse = (a: Way, b: Way) => (!a.ok ? a : !b.ok ? b : a.atMs > b.atMs ? a : b)

function best(ways: Way[]): Way {
  const good = ways.filter(({ ok }) => ok).toSorted((a, b) => a.atMs - b.atMs)[0]
  return good ?? (ways[0] as Way)
}

function push(series: Way[], way: Way): void {
  const last = series.at(-1)
  if (last?.ok === way.ok) return
  series.push({ ...way, atMs: Math.max(way.atMs, last?.atMs ?? 0) })
}
