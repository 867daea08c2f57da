/** Passes on the SSH channel request `break` (RFC 4335), which ssh2 rejects silently. */
import type { Connection, Session } from 'ssh2'

/** The ssh2 internals that are used here: pinned by the exact version, and by tests with real clients. */
interface Insides {
  _protocol: { _handlers: { CHANNEL_REQUEST: ChannelRequestHandler } }
  _chanMgr: { get(channel: number): unknown }
}

interface SessionInsides {
  _chanInfo?: { outgoing: { id: number } }
  _channel?: unknown
}

interface Replies {
  channelSuccess(recipient: number): void
  channelFailure(recipient: number): void
}

type ChannelRequestHandler = (
  protocol: Replies,
  recipient: number,
  type: string,
  wantReply: boolean,
  data: unknown,
) => void

/**
 * Must be called synchronously in the server's `connection` event, before any request is read.
 * @param onBreak gets the requested length in milliseconds; 0 means "your default" (RFC 4335 section 3). Returns false
 *   to refuse.
 */
export function surfaceBreaks(connection: Connection, onBreak: (session: Session, askedMs: number) => boolean): void {
  const insides = connection as unknown as Insides
  const handlers = insides._protocol._handlers
  const original = handlers.CHANNEL_REQUEST
  handlers.CHANNEL_REQUEST = (protocol, recipient, type, wantReply, data) => {
    const session = insides._chanMgr.get(recipient) as (Session & SessionInsides) | undefined
    const channel = session?._chanInfo?.outgoing.id
    if (type === 'break' && session && channel !== undefined) {
      const taken = onBreak(session, Buffer.isBuffer(data) && data.length >= 4 ? data.readUInt32BE(0) : 0)
      // Replies keep the order of their requests (RFC 4254, section 4), and a BREAK may wait behind a paste, so this
      // reply only says that it will be tried. The result is shown on the terminal.
      if (wantReply) protocol[taken ? 'channelSuccess' : 'channelFailure'](channel)
      return
    }
    if (wantReply && session?._channel && channel !== undefined) {
      // ssh2 does not reply to requests on a running session. PuTTY sizes its window by the failure reply to
      // winadj@putty.projects.tartarus.org.
      original(protocol, recipient, type, false, data)
      protocol.channelFailure(channel)
      return
    }
    original(protocol, recipient, type, wantReply, data)
  }
}
