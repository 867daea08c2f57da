/** An SSH server that lets anybody in and then sends what no server should: what a relay that was broken into may do. */
import { once } from 'node:events'
import { connect as connectSocket, createServer, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import ssh2, { type AuthContext, type ServerConfig, type Connection as ServerConnection } from 'ssh2'
import type { TestContext } from '../../../testbed/suite.ts'
import { connect } from '../connect.ts'
import type { Connection, ConnectOptions } from '../connection.ts'

/** Message numbers (RFC 4250, section 4.1.2). */
export const MESSAGE = {
  disconnect: 1,
  ignore: 2,
  kexInit: 20,
  banner: 53,
  pkOk: 60,
  globalRequest: 80,
  channelOpen: 90,
  confirmation: 91,
  windowAdjust: 93,
  data: 94,
  extendedData: 95,
  eof: 96,
  close: 97,
  channelRequest: 98,
  channelSuccess: 99,
} as const

export interface Victim {
  /** The server's half of the connection. */
  server: ServerConnection
  /** The server's socket. */
  socket: Socket
  /** Sends any payload, encrypted as the connection is by now; false when there is none any more. */
  send(...parts: (number | string | Buffer | boolean)[]): boolean
}

export interface Hostile {
  options(more?: Partial<ConnectOptions>): Promise<ConnectOptions>
  /** Logs in; gives both ends. */
  login(): Promise<Victim & { connection: Connection; stream: Duplex }>
}

export interface HostileOptions {
  config?: Partial<ServerConfig>
  /** In place of letting in. */
  authenticate?(auth: AuthContext, victim: Victim): void
}

export async function hostileServer(context: TestContext, options: HostileOptions = {}): Promise<Hostile> {
  const hostKey = ssh2.utils.generateKeyPairSync('ecdsa', { bits: 256 })
  const victims: Victim[] = []
  const server = new ssh2.Server({ hostKeys: [hostKey.private], ...options.config }, connection => {
    const victim = victims.at(-1) as Victim
    victim.server = connection
    connection.on('error', () => {})
    connection.on('authentication', auth => {
      if (options.authenticate) options.authenticate(auth, victim)
      else auth.accept()
    })
    // ssh2 would answer these by itself: what is answered is the test's to say.
    connection.on('session', accept => accept())
    connection.on('request', accept => accept?.())
  })
  const listener = createServer(socket => {
    socket.on('error', () => {})
    context.cleanup(() => socket.destroy())
    victims.push({
      server: undefined as never,
      socket,
      send: (...parts) =>
        send(
          victims.find(v => v.socket === socket),
          parts,
        ),
    })
    server.injectSocket(socket)
  })
  listener.listen(0, '127.0.0.1')
  await once(listener, 'listening')
  context.cleanup(() => listener.close())
  const { port } = listener.address() as { port: number }
  const made = async (more: Partial<ConnectOptions> = {}): Promise<ConnectOptions> => {
    const stream = connectSocket({ host: '127.0.0.1', port })
    context.cleanup(() => stream.destroy())
    await once(stream, 'connect')
    const [type, base64] = hostKey.public.split(' ')
    return {
      ...{ stream, user: 'oobm', credentials: { password: 'x' }, hostKeys: [`${type} ${base64}`] },
      ...{ nowMs: () => performance.now(), signal: AbortSignal.timeout(20_000), ...more },
    }
  }
  return {
    options: made,
    login: async () => {
      const options = await made()
      const outcome = await connect(options)
      if (!outcome.ok) throw new Error(`${outcome.fault.kind}: ${outcome.fault.detail}`)
      context.cleanup(() => outcome.connection.destroy())
      return { ...(victims.at(-1) as Victim), connection: outcome.connection, stream: options.stream }
    },
  }
}

/** RFC 4251, section 5: a number is a uint32, a text or a buffer a string; the first number is the message's. */
export function payload([type, ...fields]: (number | string | Buffer | boolean)[]): Buffer {
  const parts = fields.map(field => {
    if (typeof field === 'boolean') return Buffer.from([field ? 1 : 0])
    const head = Buffer.alloc(4)
    if (typeof field === 'number') {
      head.writeUInt32BE(field)
      return head
    }
    const body = Buffer.from(field)
    head.writeUInt32BE(body.length)
    return Buffer.concat([head, body])
  })
  return Buffer.concat([Buffer.from([type as number]), ...parts])
}

interface Internals {
  _protocol: {
    _packetRW: { write: { alloc(length: number): Buffer; allocStart: number; finalize(packet: Buffer): Buffer } }
    _cipher: { encrypt(packet: Buffer): void }
  }
}

function send(victim: Victim | undefined, parts: (number | string | Buffer | boolean)[]): boolean {
  if (!victim || victim.socket.destroyed) return false
  sendRaw(victim.server, parts.length === 1 && Buffer.isBuffer(parts[0]) ? parts[0] : payload(parts))
  return true
}

function sendRaw(server: ServerConnection, bytes: Buffer): void {
  const { _packetRW, _cipher } = (server as unknown as Internals)._protocol
  const packet = _packetRW.write.alloc(bytes.length)
  packet.set(bytes, _packetRW.write.allocStart)
  _cipher.encrypt(_packetRW.write.finalize(packet))
}
