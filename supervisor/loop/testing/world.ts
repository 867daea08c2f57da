/** A simulated world around the real loop: relays, a path to them, and this device's own sshd and bridge; without sockets, files and time. */
import type { Dial } from '../../../transport/dial.ts'
import type { DialFailure } from '../../../transport/dial-failure.ts'
import type { Rung } from '../../../transport/way.ts'
import type { DialLocal } from '../../network/dial-local.ts'
import type { MarkerFiles } from '../../proof/prove-end.ts'
import type { Connect, Connection } from '../../ssh/connection.ts'
import type { Uplink } from '../../uplinks/list-uplinks.ts'
import { Uplinks } from '../../uplinks/uplinks.ts'
import type { Network } from '../ports.ts'
import { Broadcast } from '../wake.ts'
import { FakeClock } from './fake-clock.ts'
import { FakeConnection, type Mood } from './fake-connection.ts'
import { FakeStream } from './fake-stream.ts'

/** Milliseconds of a round trip. */
const ROUND_TRIP_MS = 40
/** Milliseconds between two tries of TCP to get something through. */
const RETRANSMIT_MS = 1_000
/** Milliseconds of a login that comes when nobody waits for it any more: longer than any step. */
const TOO_LATE_MS = 30_000

export type Health = 'well' | 'stopped' | 'dead'
export type End = 'shell' | 'console'

/** Why nobody can get in. */
export type Reason = 'silent' | 'shell' | 'console' | 'unforwarded' | 'unplugged'

export class RelayModel {
  /** How it takes a new connection. */
  takes: 'well' | 'refuses' | 'drops' | 'silent' | 'turns-away' | 'rejects' = 'well'
  /** Its sshd listens for others, too. */
  listens = true
  forwards = true
  /** Answers the cancellation of a listener. */
  frees = true
  /** Milliseconds after which it drops each connection. */
  dropsAfterMs: number | undefined
  /** Frozen: what is connected gets no answer. */
  isFrozen = false
  isOff = false
  readonly sessions = new Set<FakeConnection>()

  /** Who holds the listener, as this relay sees it. */
  holderOf(port: number): FakeConnection | undefined {
    for (const session of this.sessions) if (!session.isEvicted && session.holds.has(port)) return session
    return undefined
  }

  evictAllBut(mine: FakeConnection): number {
    const others = [...this.sessions].filter(session => session !== mine && !session.isEvicted && !session.isSpared)
    for (const other of others) {
      other.isEvicted = true
      if (!other.isLost) other.close('the other end closed the connection')
    }
    return others.length
  }
}

/** Something that leads to all relays; it keeps its carrier while nothing gets through. */
export interface Line {
  address: string
  isUp: boolean
}

interface Leads {
  end: End
  by: FakeConnection[]
}

export class World {
  readonly clock = new FakeClock()
  readonly events = new Broadcast()
  /** Uplinks by name, the default route first; none where connections go as the kernel routes. */
  readonly lines = new Map<string, Line>()
  readonly uplinks = new Uplinks({
    ...{ settings: [], clock: this.clock, bytesOf: () => undefined },
    list: () => this.#listLines(),
  })
  readonly relays: RelayModel[]
  readonly connections = new Set<FakeConnection>()
  readonly inner = new Set<FakeConnection>()
  readonly dialledAtMs: number[] = []
  /** Connections that were tried by plain SSH. */
  directDials = 0
  isPathUp = true
  /** The line by which the kernel routes what is bound to none; the first unless it is named. */
  routed: string | undefined
  isNameServed = true
  /** The ways that the configuration leaves to a relay. */
  rungs: Rung[] = ['direct']
  /** Nothing answers what speaks plain SSH. */
  isDirectBlocked = false
  /** Milliseconds after which what speaks plain SSH is cut, without a word. */
  directLastsMs: number | undefined
  addresses = new Set(['192.0.2.1'])
  health: Record<End, Health> = { shell: 'well', console: 'well' }
  /** Milliseconds that a login at this device's own servers takes for each answer, beside the round trip. */
  loginMs = 0
  readonly #markers = new Set<string>()
  #moods: Mood[] = []
  openLocal = 0

  constructor(relays: number) {
    this.relays = Array.from({ length: relays }, () => new RelayModel())
  }

  /** Adds one; the first one is the default route. */
  addLine(name: string, address: string): Line {
    const line = { address, isUp: true }
    this.lines.set(name, line)
    this.addresses.add(address)
    return line
  }

  #listLines(): Uplink[] {
    return [...this.lines].map(([name, { address }], at) => {
      return { name, kind: 'cable', isDefault: at === 0, metric: 100, addresses: [address], link: address }
    })
  }

  /** The next so many calls on any connection are answered like this. */
  setMoods(moods: Mood[]): void {
    this.#moods = moods
  }

  nextMood(): Mood {
    return this.#moods.shift() ?? 'answers'
  }

  network: Network = {
    linkUp: () => this.addresses.size > 0,
    hasAddress: address => this.addresses.has(address),
  }

  passes(connection: FakeConnection): boolean {
    const { relay, isLost, localAddress } = connection
    const line = [...this.lines.values()].find(({ address }) => address === localAddress)
    return this.isPathUp && !isLost && !relay.isFrozen && this.addresses.has(localAddress ?? '') && line?.isUp !== false
  }

  /** After a round trip, or when TCP gets it through later; never on a flow that is lost. */
  deliver(over: FakeConnection[], arrive: () => void, afterMs = ROUND_TRIP_MS): void {
    this.clock.at(this.clock.nowMs() + afterMs, () => {
      if (over.some(({ isLost, closed }) => isLost || closed.aborted)) return
      if (over.every(one => this.passes(one))) return arrive()
      this.deliver(over, arrive, RETRANSMIT_MS)
    })
  }

  /** Connections whose listeners lead to this device. */
  get tunnels(): FakeConnection[] {
    return [...this.connections].filter(one => one.holds.size === 2 && !one.closed.aborted && !one.isEvicted)
  }

  /** Somebody can get in: the truth that `ready` has to tell. */
  get closedBy(): Record<Reason, boolean> {
    const passing = this.tunnels.filter(one => this.passes(one))
    return {
      unplugged: this.addresses.size === 0,
      silent: passing.length === 0,
      shell: this.health.shell !== 'well',
      console: this.health.console !== 'well',
      unforwarded: passing.length > 0 && passing.every(({ relay }) => !relay.forwards),
    }
  }

  dial: Dial = async ({ host, via = { rung: 'direct' }, synMs, timeoutMs, signal }) => {
    this.dialledAtMs.push(this.clock.nowMs())
    if (via.rung === 'direct') this.directDials++
    const relay = this.relays[Number(host.replace('relay', ''))] as RelayModel
    const failed = (kind: DialFailure['kind']) => ({ ok: false as const, failure: { kind, cause: `${host}: ${kind}` } })
    if (!this.isNameServed) {
      await this.clock.sleep(timeoutMs, signal)
      return failed('dns-silent')
    }
    const untilMs = this.clock.nowMs() + (synMs ?? timeoutMs)
    const [first = ''] = this.lines.keys()
    const line = this.lines.get(via.interface ?? this.routed ?? first)
    while (line?.isUp === false || !this.isPathUp || relay.takes === 'drops' || this.addresses.size === 0) {
      await this.clock.sleep(RETRANSMIT_MS, signal)
      if (signal.aborted || this.clock.nowMs() >= untilMs) return failed('no-answer')
    }
    await this.clock.sleep(ROUND_TRIP_MS, signal)
    if (signal.aborted) return failed('no-answer')
    if (relay.takes === 'refuses') return failed('refused')
    if (relay.takes === 'turns-away') return failed('turned-away')
    if (relay.takes === 'silent' || relay.isFrozen || (via.rung === 'direct' && this.isDirectBlocked)) {
      await this.clock.sleep(timeoutMs, signal)
      return failed('silent')
    }
    const [address = ''] = this.addresses
    const localAddress = line?.address ?? address
    const stream = new FakeStream()
    stream.leadsTo = relay
    stream.rung = via.rung
    return { ok: true, transport: { stream: stream.asDuplex as never, via, localAddress, remoteAddress: host } }
  }

  connect: Connect = async ({ stream, localAddress, credentials, signal }) => {
    const { leadsTo } = stream as unknown as FakeStream
    return leadsTo instanceof RelayModel
      ? this.#connectRelay(leadsTo, stream as unknown as FakeStream, localAddress ?? '', signal)
      : this.#connectInner(leadsTo as Leads, stream as unknown as FakeStream, credentials !== undefined, signal)
  }

  async #connectRelay(
    relay: RelayModel,
    stream: FakeStream,
    localAddress: string,
    signal: AbortSignal,
  ): ReturnType<Connect> {
    const connection = new FakeConnection({ world: this, relay }, localAddress)
    const answer = await this.#come([connection], signal)
    if (answer === 'too late') await this.clock.sleep(TOO_LATE_MS, new AbortController().signal)
    else if (answer !== 'answers') return failed(answer === 'closes' ? 'closed' : 'silent', stream)
    if (relay.takes === 'rejects') return failed('authentication', stream)
    connection.rung = stream.rung
    if (stream.rung === 'direct' && this.directLastsMs !== undefined) {
      this.clock.at(this.clock.nowMs() + this.directLastsMs, () => {
        connection.isLost = true
      })
    }
    this.connections.add(connection)
    relay.sessions.add(connection)
    connection.closed.addEventListener('abort', () => {
      this.connections.delete(connection)
      stream.destroy()
      if (connection.isEvicted) relay.sessions.delete(connection)
    })
    if (relay.dropsAfterMs !== undefined) {
      this.clock.at(this.clock.nowMs() + relay.dropsAfterMs, () => {
        connection.isEvicted = true
        connection.close('the other end closed the connection')
      })
    }
    return { ok: true, connection }
  }

  /** An inner login: through a channel, or on this device itself. */
  async #connectInner(leads: Leads, stream: FakeStream, hasKey: boolean, signal: AbortSignal): ReturnType<Connect> {
    const answer = await this.#come(leads.by, signal, () => this.#answers(leads), this.loginMs)
    if (answer === 'wrong') return failed('host-key', stream)
    if (answer !== 'answers') return failed(answer === 'closes' ? 'closed' : 'silent', stream)
    if (!hasKey) return failed('authentication', stream)
    const connection = this.#innerConnection(leads)
    return { ok: true, connection }
  }

  #answers({ end, by }: Leads): boolean {
    return this.health[end] === 'well' && by.every(({ relay }) => relay.forwards)
  }

  #innerConnection(leads: Leads): Connection {
    const closed = new AbortController()
    const close = () => closed.abort()
    const made = {
      localAddress: undefined,
      closed: closed.signal,
      closeCause: () => 'closed',
      exec: async (nonce: string, signal: AbortSignal) => {
        const answer = await this.#come(leads.by, signal, () => this.#answers(leads), this.loginMs)
        if (answer !== 'answers') return { ok: false as const, cause: 'no answer in time' }
        this.#markers.add(nonce)
        return { ok: true as const, value: { stream: new FakeStream().asDuplex, exited: Promise.resolve(0) } }
      },
      end: async () => close(),
      destroy: close,
    }
    return made as unknown as Connection
  }

  /** Waits until the other end has answered; how it did. */
  #come(over: FakeConnection[], signal: AbortSignal, isWell = () => true, loginMs = 0): Promise<Mood> {
    const mood = this.nextMood()
    if (mood === 'hangs') return new Promise(() => {})
    if (mood === 'too late') return Promise.resolve(mood)
    return new Promise(done => {
      if (signal.aborted) return done('never')
      const closed = over.map(({ closed }) => closed)
      const resolve = (answer: Mood) => {
        signal.removeEventListener('abort', onAbort)
        for (const one of closed) one.removeEventListener('abort', onClose)
        done(answer)
      }
      const onAbort = () => resolve('never')
      const onClose = () => resolve('closes')
      signal.addEventListener('abort', onAbort)
      for (const one of closed) one.addEventListener('abort', onClose)
      if (mood === 'never') return
      if (mood === 'closes' || mood === 'fails') return resolve('closes')
      const arrive = () => {
        if (isWell()) return resolve(mood === 'wrong' ? 'wrong' : 'answers')
        if (!signal.aborted) this.clock.at(this.clock.nowMs() + RETRANSMIT_MS, arrive)
      }
      this.deliver(over, arrive, mood === 'late' ? 12_000 : ROUND_TRIP_MS + loginMs)
    })
  }

  dialLocal: DialLocal = async (port, signal) => {
    const end: End = port === 22 ? 'shell' : 'console'
    if (this.health[end] === 'dead') return { ok: false, cause: 'connection refused' }
    const stream = new FakeStream()
    this.openLocal++
    stream.once('close', () => this.openLocal--)
    if (signal.aborted) stream.destroy()
    stream.leadsTo = { end, by: [] } satisfies Leads
    this.greet(stream, false)
    return { ok: true, value: stream.asDuplex }
  }

  /** The greeting of whatever a stream leads to, now or when that goes on. */
  greet(stream: FakeStream, isWrong: boolean): void {
    const { end } = stream.leadsTo as Leads
    if (stream.destroyed) return
    if (this.health[end] === 'dead') stream.destroy()
    else if (this.health[end] === 'well') stream.say(isWrong ? 'HTTP/1.1 400\r\n' : 'SSH-2.0-OpenSSH\r\n')
    else this.clock.at(this.clock.nowMs() + RETRANSMIT_MS, () => this.greet(stream, isWrong))
  }

  files: MarkerFiles = {
    hostKey: async () => 'ssh-ed25519 AAAA',
    appeared: async nonce => this.#markers.has(nonce),
    forget: async nonce => void this.#markers.delete(nonce),
  }
}

function failed(kind: 'host-key' | 'authentication' | 'silent' | 'closed', stream: FakeStream) {
  stream.destroy()
  return { ok: false as const, fault: { kind, detail: kind } }
}
