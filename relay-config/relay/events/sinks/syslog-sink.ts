/** Sends events to a syslog collector: RFC 5424 over UDP (5426), TCP (6587) or TLS (5425). */
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { connect, isIP, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { within } from '../../../../runtime/waiting.ts'
import type { RelayEvent } from '../event.ts'
import type { FACILITIES, SyslogTransport } from '../events-config.ts'
import { allOrNothing, type Sink } from '../sink.ts'
import { framed, syslogMessage } from './syslog-message.ts'

export interface SyslogOptions {
  transport: SyslogTransport
  host: string
  port: number
  facility: keyof typeof FACILITIES
  /** Certificates in place of the system's. */
  ca: string | undefined
  /** The name of this host, in the messages. */
  hostName: string
}

/** Milliseconds for one connection, from its first packet until the collector has closed it. */
const CONNECTION_MS = 15_000
const BATCH = 100

export function syslogSink(options: SyslogOptions): Sink {
  const textOf = (event: RelayEvent) => syslogMessage(event, options.hostName, options.facility)
  const send = options.transport === 'udp' ? sendDatagrams : sendStream
  return {
    batch: BATCH,
    deliver: (events, signal) =>
      allOrNothing(
        events.length,
        bounded(signal, over => send(options, events.map(textOf), over)),
      ),
  }
}

async function bounded(signal: AbortSignal, work: (over: AbortSignal) => Promise<void>): Promise<string | undefined> {
  const outcome = await within(CONNECTION_MS, [signal], work)
  return outcome.kind === 'done'
    ? undefined
    : outcome.kind === 'timeout'
      ? `no end after ${CONNECTION_MS / 1000} s`
      : 'ended'
}

/** Whether a collector heard a datagram, nobody can know; that its port is closed, its host may say. */
async function sendDatagrams({ host, port }: SyslogOptions, messages: string[]): Promise<void> {
  const socket = createSocket(isIP(host) === 6 ? 'udp6' : 'udp4')
  try {
    socket.connect(port, host)
    await once(socket, 'connect')
    for (const message of messages) {
      await new Promise<void>((resolve, reject) => socket.send(message, err => (err ? reject(err) : resolve())))
    }
  } finally {
    socket.close()
  }
}

/**
 * Syslog has no acknowledgement. After the last message this side says that it is done, and the collector's own end says that it
 * has read all of it: without that, a write may have gone no further than this kernel.
 */
async function sendStream(options: SyslogOptions, messages: string[], over: AbortSignal): Promise<void> {
  const socket = open(options)
  const destroy = () => socket.destroy()
  over.addEventListener('abort', destroy)
  try {
    await once(socket, options.transport === 'tls' ? 'secureConnect' : 'connect')
    const ended = once(socket, 'close')
    socket.resume()
    socket.end(Buffer.concat(messages.map(framed)))
    const [hadError] = await ended
    if (hadError || over.aborted) throw new Error('the connection broke')
  } finally {
    over.removeEventListener('abort', destroy)
    socket.on('error', () => {}).destroy()
  }
}

function open({ transport, host, port, ca }: SyslogOptions): Socket {
  if (transport !== 'tls') return connect({ host, port })
  const servername = isIP(host) === 0 ? { servername: host } : {}
  return connectTls({ host, port, ...servername, ...(ca !== undefined && { ca }) })
}
