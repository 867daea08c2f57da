/** An SSH channel as a session's terminal; works around the traps of ssh2's channels. */
import { once } from 'node:events'
import type { Socket } from 'node:net'
import type { ServerChannel } from 'ssh2'
import type { SessionExit } from '../session/exit-codes.ts'
import type { Terminal, TerminalInput } from '../session/terminal.ts'
import type { PtySize } from './pty-size.ts'

/** Bytes that may wait in the socket: ssh2 itself writes up to the client's window of 2 MiB. */
const SOCKET_BOUND_BYTES = 65_536

export interface ChannelTerminal extends Terminal {
  /** Begins to read; nothing typed before is lost. */
  listen(input: TerminalInput): void
  end(exitCode: SessionExit): void
  /** Ends without an exit code, as a lost connection does: OpenSSH then ends with 255. */
  drop(): void
}

export interface ChannelTerminalOptions {
  channel: ServerChannel
  socket: Socket
  interactive: boolean
  ptySize: PtySize
  /** Aborted when the channel or its connection is closed. */
  gone: AbortSignal
  /** Aborted when the client has sent its last byte. */
  endOfInput: AbortSignal
  roundTrip(signal: AbortSignal): Promise<void>
}

export function channelTerminal(options: ChannelTerminalOptions): ChannelTerminal {
  const { channel, socket, interactive, ptySize, gone, endOfInput, roundTrip } = options
  channel.on('error', () => {})
  channel.stderr.on('error', () => {})

  /** ssh2 never calls back on a closed channel, so the end of the session ends the wait. */
  const write = async (stream: NodeJS.WritableStream, data: Buffer | string) => {
    if (gone.aborted) return
    await new Promise<void>(resolve => {
      const done = () => {
        gone.removeEventListener('abort', done)
        resolve()
      }
      gone.addEventListener('abort', done)
      stream.write(data, done)
    })
    if (socket.writableLength > SOCKET_BOUND_BYTES) await once(socket, 'drain', { signal: gone }).catch(() => {})
  }

  const finish = () => {
    channel.end()
    // `close` is emitted only after all input has been read.
    channel.resume()
  }

  return {
    interactive,
    size: ptySize.now,
    gone,
    roundTrip,
    write: bytes => write(channel, bytes),
    note: text => write(interactive ? channel : channel.stderr, text),
    pause: () => channel.pause(),
    resume: () => channel.resume(),
    listen: input => {
      channel.on('data', (bytes: Buffer) => input.onTyped(bytes))
      channel.on('end', () => input.onEnd())
      ptySize.onChange = size => input.onResized?.(size)
      endOfInput.addEventListener('abort', () => input.onLastSent())
    },
    end: exitCode => {
      if (gone.aborted) return
      channel.exit(exitCode)
      finish()
    },
    drop: () => {
      if (!gone.aborted) finish()
    },
  }
}
