/** An HTTP server at one address: GET and HEAD of files and folders, PUT of uploads, nothing else. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import type { Clock } from '../../runtime/clock.ts'
import { errorMessage } from '../../runtime/errors.ts'
import type { Logger } from '../../runtime/log.ts'
import type { UploadPlace } from '../served/receive-upload.ts'
import type { Transfers } from '../transfers.ts'
import { type Exchange, refuse, say } from './exchange.ts'
import { getFile } from './get-file.ts'
import { putFile } from './put-file.ts'

export interface HttpOptions {
  address: string
  port: number
  read: string
  /** Undefined where no uploads are taken. */
  upload: UploadPlace | undefined
  isBeside(client: string): boolean
  transfers: Transfers
  clock: Clock
  signal: AbortSignal
  log: Logger
}

/** Connections of one client, and of all. */
const CONNECTIONS = { each: 16, all: 96 } as const
/** Milliseconds for the header of a request: who drips it byte by byte is disconnected. */
const HEADER_MS = 10_000
/** Milliseconds without a byte, in either direction. */
const IDLE_MS = 30_000
const PACE_MS = 10_000
/** Bytes that a connection must move in each {@link PACE_MS} of a transfer, seen over two of them. */
const PACE_BYTES = 2_000
const HEADER_BYTES = 8_192
const BAD_REQUEST = 'HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n'
const METHODS = 'GET, HEAD, PUT'

/** Resolves when it listens; ends with its signal. @throws a system error */
export async function serveHttp(options: HttpOptions): Promise<{ port: number }> {
  const { address, port, isBeside, signal, log } = options
  const sockets = new Map<Socket, { who: string; moved: number; slow: number }>()
  const onRequest = (request: IncomingMessage, response: ServerResponse) => {
    void answer(options, request, response).catch(err => {
      log.warn({ err: errorMessage(err) }, 'an HTTP request failed')
      if (response.headersSent) response.destroy()
      else say(response, 500, 'the file cannot be served now')
    })
  }
  const server = createServer(
    {
      headersTimeout: HEADER_MS,
      // The body of an upload may take as long as it moves: see below.
      requestTimeout: 0,
      keepAliveTimeout: 5_000,
      connectionsCheckingInterval: 2_000,
      maxHeaderSize: HEADER_BYTES,
    },
    onRequest,
  )
  // A client that asks first whether it may send learns it before it has sent a large file.
  server.on('checkContinue', onRequest)
  server.maxConnections = CONNECTIONS.all
  server.on('connection', socket => {
    const who = plainAddress(socket.remoteAddress)
    const same = [...sockets.values()].filter(connection => connection.who === who).length
    if (!isBeside(who) || same >= CONNECTIONS.each) return void socket.destroy()
    sockets.set(socket, { who, moved: 0, slow: 0 })
    socket.setTimeout(IDLE_MS, () => socket.destroy())
    socket.on('close', () => sockets.delete(socket))
  })
  server.on('clientError', (_, socket) => {
    if (socket.writable) socket.end(BAD_REQUEST, () => socket.destroy())
  })
  const pace = setInterval(() => {
    for (const [socket, state] of sockets) {
      const moved = socket.bytesRead + socket.bytesWritten
      state.slow = moved - state.moved < PACE_BYTES ? state.slow + 1 : 0
      state.moved = moved
      if (state.slow >= 3) socket.destroy()
    }
  }, PACE_MS)
  server.on('close', () => clearInterval(pace))
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, address, () => {
      server.off('error', reject)
      resolve()
    })
  })
  server.on('error', err => log.warn({ err }, 'HTTP socket'))
  signal.addEventListener('abort', () => {
    server.close()
    for (const socket of sockets.keys()) socket.destroy()
  })
  return { port: (server.address() as AddressInfo).port }
}

async function answer(options: HttpOptions, request: IncomingMessage, response: ServerResponse): Promise<void> {
  response.setHeader('X-Content-Type-Options', 'nosniff')
  response.setHeader('Content-Security-Policy', "default-src 'none'")
  const who = plainAddress(request.socket.remoteAddress)
  const path = decoded(request.url ?? '')
  const { read, upload, transfers, clock, signal } = options
  const exchange: Exchange = { request, response, who, path: path ?? '-', read, upload, transfers, clock, signal }
  if (path === undefined) return refuse(exchange, 400, 'the address is not encoded as it must be')
  const busy = transfers.refusal('http', who)
  if (busy !== undefined) {
    response.setHeader('Retry-After', '10')
    return refuse(exchange, 503, busy)
  }
  if (request.method === 'GET' || request.method === 'HEAD') return getFile(exchange)
  if (request.method === 'PUT') return putFile(exchange)
  response.setHeader('Allow', METHODS)
  refuse(exchange, 405, `use one of ${METHODS}`)
}

/** The path of a request's target; undefined where it is badly encoded. */
function decoded(target: string): string | undefined {
  const path = /^(?:https?:\/\/[^/?#]*)?([^?#]*)/i.exec(target)?.[1] ?? ''
  try {
    return decodeURIComponent(path)
  } catch {
    return undefined
  }
}

function plainAddress(address: string | undefined): string {
  return (address ?? '').replace(/^::ffff:/, '')
}
