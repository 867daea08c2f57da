/** Enforces limits of RFC 4252 and 4254 that ssh2 1.17 does not: the other end cannot make this device keep or do too much. */
import type { Channel, Client } from 'ssh2'

/** The parts of ssh2 1.17 that have no public name; connect.itest.ts pins them. */
interface Internals {
  _protocol: { _handlers: Record<string, Handler>; _kexinit: unknown; requestFailure(): void }
  _chanMgr: { get(id: number): unknown }
}
type Handler = (protocol: unknown, ...args: never[]) => void

/** Signatures and answers of one login; a client of ours offers one key or one password, twice. */
const LOGIN_STEPS_MAX = 8

/**
 * To be called directly after `client.connect`.
 * @param violated is called with a sentence part about the other end; the connection is to be cut
 */
export function guard(client: Client, violated: (what: string) => void): void {
  const { _protocol: protocol, _chanMgr: channels } = client as unknown as Internals
  const handlers = protocol._handlers
  let loginSteps = 0
  const before = (name: string, check: (...args: never[]) => boolean) => {
    const original = handlers[name]
    if (original === undefined) throw new Error(`ssh2 has no handler ${name}: another version?`)
    handlers[name] = (proto, ...args) => {
      if (check(...args)) original(proto, ...args)
    }
  }

  // ssh2 makes a channel here and hands it out later; without a listener, an error in between ends the process.
  const confirmed = handlers.CHANNEL_OPEN_CONFIRMATION as Handler
  handlers.CHANNEL_OPEN_CONFIRMATION = (proto, ...args) => {
    const [{ recipient }] = args as unknown as [{ recipient: number }]
    const opening = channels.get(recipient)
    confirmed(proto, ...args)
    const channel = channels.get(recipient)
    if (channel !== opening && isChannel(channel)) guardErrors(channel)
  }
  // ssh2 takes what exceeds the window (RFC 4254, section 5.2), and would keep it for a reader that is slow.
  const withinWindow = (recipient: number, data: Buffer) => {
    const channel = channels.get(recipient)
    const fits = !isChannel(channel) || data.length <= channel.incoming.window
    if (!fits) violated('it sends more than the window of a channel allows')
    return fits
  }
  before('CHANNEL_DATA', withinWindow as (...args: never[]) => boolean)
  before('CHANNEL_EXTENDED_DATA', withinWindow as (...args: never[]) => boolean)
  // Each costs a signature: a flood of them stalls a small board.
  const nextLoginStep = () => {
    if (loginSteps++ < LOGIN_STEPS_MAX) return true
    violated('it asks for the login again and again')
    return false
  }
  for (const name of ['USERAUTH_PK_OK', 'USERAUTH_INFO_REQUEST', 'USERAUTH_FAILURE']) before(name, nextLoginStep)
  // ssh2 would parse any number of host keys and ask for proofs: we pin ours, and each login would cost 1 kB more.
  handlers.GLOBAL_REQUEST = ((_proto: unknown, _name: string, wantReply: boolean) => {
    if (wantReply) protocol.requestFailure()
  }) as unknown as Handler
}

/** Whether a key exchange runs: until it ends, ssh2 keeps all that is to be sent. */
export function isExchangingKeys(client: Client): boolean {
  return (client as unknown as Internals)._protocol?._kexinit !== undefined
}

/** A channel and its standard error outlive their use: later errors in them are ignored. */
export function guardErrors(channel: Channel): void {
  const ignore = () => {}
  channel.on('error', ignore)
  const { stderr } = channel as unknown as { stderr?: NodeJS.ReadableStream }
  stderr?.on('error', ignore).resume()
}

interface WindowedChannel extends Channel {
  incoming: { window: number }
}

function isChannel(value: unknown): value is WindowedChannel {
  return typeof value === 'object' && value !== null && 'incoming' in value
}
