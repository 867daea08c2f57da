/** The desk's server on 127.0.0.1: its page, what the page asks, and the page's WebSockets. */
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { type WebSocket, WebSocketServer } from 'ws'
import { EXIT, UserError } from '../../../../runtime/errors.ts'
import { reasonOf } from '../../../../runtime/unexpected.ts'
import { whenAborted } from '../../../../runtime/waiting.ts'
import type { DeskAssets } from './assets.ts'
import {
  contentPolicy,
  entranceRefusal,
  refusal,
  SECRET_HEADER,
  SUBPROTOCOL,
  secretIn,
  socketRefusal,
} from './guard.ts'
import type { DeskKeys } from './keys.ts'

/** A literal address: `localhost` may be another one. */
const ADDRESS = '127.0.0.1'
/** Milliseconds for a request. */
const REQUEST_MS = 10_000
/** Bytes of a question of the page, and of a message of a terminal: what somebody pastes comes in pieces. */
const BODY_MAX = 65_536
const MESSAGE_MAX = 262_144
/** Connections of a browser with many tabs; whoever else is on this machine may take them all up, and gets nothing for it. */
const CONNECTIONS_MAX = 512

export interface DeskParts {
  assets: DeskAssets
  keys: DeskKeys
  /** What the page may ask, by path; the answer is JSON. A UserError is shown to the person as it is. */
  questions: Readonly<Record<string, (asked: unknown, signal: AbortSignal) => Promise<unknown>>>
  /** The page's WebSockets, by path. */
  sockets: Readonly<Record<string, (socket: WebSocket) => void>>
  signal: AbortSignal
}

export interface ServedDesk {
  port: number
  /** Resolves when the signal was aborted and nothing of it is left. */
  ended: Promise<void>
}

export async function serveDesk(parts: DeskParts): Promise<ServedDesk> {
  const { signal } = parts
  const server = createServer({ requestTimeout: REQUEST_MS, headersTimeout: REQUEST_MS })
  server.maxConnections = CONNECTIONS_MAX
  server.listen(0, ADDRESS)
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const authority = `${ADDRESS}:${port}`
  server.on('request', (request, response) => {
    answer(request, response, parts, authority).catch(err => {
      if (!response.headersSent) send(response, 500, 'text/plain', `${reasonOf(err)}\n`)
    })
  })
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: MESSAGE_MAX,
    perMessageDeflate: false,
    handleProtocols: () => SUBPROTOCOL,
  })
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on('error', () => {})
    const { headers, url = '' } = request
    const open = Object.hasOwn(parts.sockets, url) ? parts.sockets[url] : undefined
    const isKnown = parts.keys.isSecret(secretIn(headers['sec-websocket-protocol']))
    if (socketRefusal(askedOf(request), authority) !== undefined || !isKnown || open === undefined) {
      socket.end('HTTP/1.1 403 Forbidden\r\nConnection: close\r\nContent-Length: 0\r\n\r\n')
      return
    }
    sockets.handleUpgrade(request, socket, head, accepted => {
      accepted.on('error', () => {})
      open(accepted)
    })
  })
  const end = async () => {
    await whenAborted(signal)
    for (const socket of sockets.clients) socket.terminate()
    server.close()
    server.closeAllConnections()
    await once(server, 'close')
  }
  return { port, ended: end() }
}

function askedOf({ method = '', headers }: IncomingMessage) {
  const site = headers['sec-fetch-site']
  return { method, host: headers.host, origin: headers.origin, site: typeof site === 'string' ? site : undefined }
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  parts: DeskParts,
  authority: string,
): Promise<void> {
  const asked = askedOf(request)
  const path = (request.url ?? '').split('?')[0] ?? ''
  const refused = path === '/enter' ? entranceRefusal(asked, authority) : refusal(asked, authority)
  if (refused !== undefined) return plain(response, 403, refused)
  if (path === '/enter') return enter(request, response, parts, authority)
  const question = Object.hasOwn(parts.questions, path) ? parts.questions[path] : undefined
  if (question === undefined) {
    const asset = asked.method === 'GET' ? parts.assets.files.get(path) : undefined
    if (asset === undefined) return plain(response, 404, 'there is nothing here')
    return path === '/' ? sendPage(response, parts, authority) : send(response, 200, asset.type, asset.content)
  }
  if (!parts.keys.isSecret(String(request.headers[SECRET_HEADER] ?? '')))
    return plain(response, 403, 'this page is of an earlier desk: open it again from the terminal')
  if (asked.method !== 'POST') return plain(response, 405, 'questions are asked by POST')
  const text = await bodyOf(request)
  if (text === undefined) return plain(response, 413, 'the question is too long')
  const gone = new AbortController()
  response.once('close', () => gone.abort())
  try {
    sendJson(response, 200, await question(JSON.parse(text), gone.signal))
  } catch (err) {
    if (err instanceof SyntaxError) return plain(response, 400, 'the question is not JSON')
    if (!(err instanceof UserError)) throw err
    sendJson(response, err.exitCode === EXIT.usage ? 400 : 502, { problem: err.message })
  }
}

/** A token comes in: from the form of the file, which gets the page, or from the page, which gets the secret alone. */
async function enter(
  request: IncomingMessage,
  response: ServerResponse,
  parts: DeskParts,
  authority: string,
): Promise<void> {
  if (request.method !== 'POST') return plain(response, 405, 'the entrance takes a token by POST')
  const token = new URLSearchParams(await bodyOf(request)).get('token') ?? ''
  const secret = parts.keys.enter(token)
  if (secret === undefined)
    return plain(
      response,
      403,
      'This entrance was used already, or is older than a minute. Press Enter in the terminal where "oobm-relay desk" runs.',
    )
  if (request.headers.accept === 'application/json') return sendJson(response, 200, { secret })
  sendPage(response, parts, authority, secret)
}

/** @param secret for the page that has just entered */
function sendPage(response: ServerResponse, { assets }: DeskParts, authority: string, secret = ''): void {
  const nonce = randomBytes(16).toString('base64url')
  const page = assets.files.get('/')?.content.toString() ?? ''
  response.setHeader('Content-Security-Policy', contentPolicy(authority, nonce))
  send(response, 200, 'text/html; charset=utf-8', page.replace('@NONCE@', nonce).replace('@SECRET@', secret))
}

async function bodyOf(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes > BODY_MAX) return undefined
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString()
}

function plain(response: ServerResponse, code: number, text: string): void {
  send(response, code, 'text/plain; charset=utf-8', `${text}\n`)
}

function sendJson(response: ServerResponse, code: number, value: unknown): void {
  send(response, code, 'application/json', JSON.stringify(value))
}

function send(response: ServerResponse, code: number, type: string, content: string | Buffer): void {
  response.writeHead(code, {
    'Content-Type': type,
    'Content-Length': Buffer.byteLength(content),
    'Cache-Control': 'no-store',
    'Referrer-Policy': 'no-referrer',
    'X-Content-Type-Options': 'nosniff',
    'Cross-Origin-Opener-Policy': 'same-origin',
    'Cross-Origin-Resource-Policy': 'same-origin',
  })
  response.end(content)
}
