/** A TCP connection to something that has greeted as an SSH server, at whichever address of a name that is. */
import { isIP, type Socket } from 'node:net'
import { networkInterfaces } from 'node:os'
import { type Clock, systemClock } from '../../runtime/clock.ts'
import { within } from '../../runtime/waiting.ts'
import { attempt } from './attempt.ts'
import { type AddressFault, type DialFailure, describeName, dialFailure, type NameFault } from './dial-failure.ts'
import { interleave, type Lookup, Names, systemLookup } from './names.ts'
import { Race, type Won } from './race.ts'

/** What an SSH connection is spoken over. */
export interface Transport {
  /** Paused; its first bytes are the greeting. */
  stream: Socket
  /** The interface that has the local address; undefined where none has it. */
  interface?: string
  localAddress: string
  remoteAddress: string
  /** A fault on the way to a connection that succeeded, such as a name server that does not answer. */
  warning?: string
}

export type Dialled = { ok: true; transport: Transport } | { ok: false; failure: DialFailure }

export interface DialOptions {
  /** A name or a literal address. */
  host: string
  port: number
  /** Milliseconds for all of it, the greeting included. */
  timeoutMs: number
  /** Milliseconds for the TCP connection to one address; all the time unless it is given. */
  synMs?: number
  signal: AbortSignal
}

/** Never rejects; leaves no other socket open. Opens at most two connections for each address. */
export type Dial = (options: DialOptions) => Promise<Dialled>

export interface Dialler {
  dial: Dial
}

/** Addresses of one name that are tried. */
const ADDRESSES_MAX = 4
/** Milliseconds that a name server has before the last good address is tried beside it. */
const NAME_PATIENCE_MS = 1_000
/** Milliseconds at the end that belong to the question to a server that says nothing; a quarter of a short time. */
const ASK_MS = 2_000

/** @param options.lookup other than the system's, in tests */
export function createDialler(options: { clock?: Clock; lookup?: Lookup } = {}): Dialler {
  const { clock = systemClock, lookup = systemLookup } = options
  const names = new Names(lookup)
  /** The last address of each name that has greeted. */
  const good = new Map<string, string>()
  return {
    dial: async ({ host, port, timeoutMs, synMs = timeoutMs, signal }) => {
      const met = new Map<string, AddressFault>()
      let name: NameFault | undefined
      const askAtMs = clock.nowMs() + timeoutMs - Math.min(ASK_MS, timeoutMs / 4)
      const run = (over: AbortSignal) => {
        const start = (address: string) => {
          const note = (fault: AddressFault) => met.set(address, fault)
          return attempt({ address, port, clock, synMs, askAtMs, signal: over, note })
        }
        const race = new Race(start, clock, over)
        const last = good.get(host)
        if (last !== undefined) void clock.sleep(NAME_PATIENCE_MS, over).then(() => race.add([last]))
        name = isIP(host) === 0 ? { kind: 'dns-silent' } : undefined
        void names.resolve(host, over).then(resolved => {
          name = resolved.ok ? undefined : resolved.fault
          race.add(inOrder(resolved.ok ? resolved.addresses : [], last))
          race.finish()
        })
        return race.result
      }
      const outcome = await within(timeoutMs, [signal], run, { clock, discard: won => won?.socket.destroy() })
      const won = outcome.kind === 'done' ? outcome.value : undefined
      if (won === undefined) return { ok: false, failure: dialFailure({ host, port, name, addresses: met }) }
      good.set(host, won.address)
      const warning = name === undefined ? {} : { warning: describeName(host, name) }
      return { ok: true, transport: { ...transportOf(won), ...warning } }
    },
  }
}

/** The address that worked comes first; where the name leads elsewhere by now, or nowhere, it is the last resort. */
function inOrder(resolved: readonly string[], last: string | undefined): string[] {
  const others = interleave(resolved)
    .filter(address => address !== last)
    .slice(0, ADDRESSES_MAX)
  if (last === undefined) return others
  return resolved.includes(last) ? [last, ...others] : [...others, last]
}

function transportOf({ socket, address }: Won): Transport {
  const { localAddress = '' } = socket
  const [name] = Object.entries(networkInterfaces()).find(([, list]) =>
    list?.some(entry => entry.address === localAddress),
  ) ?? [undefined]
  return {
    stream: socket,
    ...(name === undefined ? {} : { interface: name }),
    localAddress,
    remoteAddress: address,
  }
}
