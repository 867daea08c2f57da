/** The HTTP server of the page: GET and HEAD of three paths, by its own names alone; every connection is short. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { ListenOptions } from 'node:net'
import { LANGUAGES, type Language } from '../../formats/languages.ts'
import type { Logger } from '../../runtime/log.ts'
import { whenAborted } from '../../runtime/waiting.ts'
import { isOwnHost } from './own-names.ts'

export interface RenderedPage {
  html: string
  /** Content-Security-Policy: what of it a browser may use. */
  policy: string
}

export interface ServeOptions {
  listen: ListenOptions | { fd: number }
  hosts: readonly string[]
  /** Whether the configuration has the page on: asked at each request. */
  isOn(): Promise<boolean>
  /** @param language undefined: that of the site */
  render(language: Language | undefined): Promise<RenderedPage>
  /** Milliseconds without a connection, after which the program ends. */
  idleMs?: number | undefined
  log: Pick<Logger, 'info' | 'warn'>
  signal: AbortSignal
}

/** A phone that shows the page asks again every ten seconds: it ends two minutes after the last one was put away. */
const IDLE_MS = 120_000
/** A few phones; the page comes in one piece of 20 kB. */
const CONNECTIONS_MAX = 12
/** Milliseconds for a request, and for all of a connection: a slow client has no more. */
const REQUEST_MS = 5_000
const CONNECTION_MS = 15_000
const HEADER_BYTES_MAX = 8_192

/** @returns when it has nothing to do any more, or was aborted @throws a system error of listening */
export async function servePage(options: ServeOptions): Promise<void> {
  const { listen, log, signal, idleMs = IDLE_MS } = options
  const server = createServer(
    {
      maxHeaderSize: HEADER_BYTES_MAX,
      requestTimeout: REQUEST_MS,
      connectionsCheckingInterval: 1_000,
      keepAlive: false,
    },
    (request, response) => {
      answer(request, response, options).catch(err => {
        log.warn({ err }, 'the page could not be made')
        if (!response.headersSent) plain(response, 500, 'The page could not be made. The LED shows the state.')
      })
    },
  )
  server.maxConnections = CONNECTIONS_MAX
  const done = new AbortController()
  const closed = new Promise<void>((resolve, reject) => {
    server.once('close', resolve)
    server.once('error', reject)
  })
  let open = 0
  let idle: NodeJS.Timeout | undefined
  const waitForMore = () => {
    clearTimeout(idle)
    if (open === 0) idle = setTimeout(() => done.abort(), idleMs)
  }
  server.on('connection', socket => {
    open++
    clearTimeout(idle)
    const deadline = setTimeout(() => socket.destroy(), CONNECTION_MS)
    socket.once('close', () => {
      clearTimeout(deadline)
      open--
      waitForMore()
    })
  })
  server.listen(listen, waitForMore)
  try {
    await Promise.race([whenAborted(signal, done.signal), closed])
    // Ends the connections, too.
    server.close()
    server.closeAllConnections()
    await closed
  } finally {
    done.abort()
    clearTimeout(idle)
  }
}

async function answer(request: IncomingMessage, response: ServerResponse, options: ServeOptions): Promise<void> {
  // What else is sent is not read, and the connection ends with the answer.
  request.resume()
  if (!isOwnHost(request.headers.host, options.hosts))
    return plain(response, 421, 'This is not the host that was asked for.')
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.setHeader('Allow', 'GET, HEAD')
    return plain(response, 405, 'This page can only be read.')
  }
  if (!(await options.isOn())) return plain(response, 404, 'The page is switched off on this device.')
  const [path] = (request.url ?? '').split('?')
  const language = LANGUAGES.find(name => path === `/${name}`)
  if (path !== '/' && language === undefined) return plain(response, 404, 'There is only one page here: /')
  const { html, policy } = await options.render(language)
  response.setHeader('Content-Security-Policy', policy)
  send(response, 200, 'text/html', html)
}

function plain(response: ServerResponse, code: number, text: string): void {
  send(response, code, 'text/plain', `${text}\n`)
}

function send(response: ServerResponse, code: number, type: string, text: string): void {
  response.writeHead(code, {
    'Content-Type': `${type}; charset=utf-8`,
    'Content-Length': Buffer.byteLength(text),
    'Cache-Control': 'no-store',
    'Referrer-Policy': 'no-referrer',
    'X-Content-Type-Options': 'nosniff',
    Connection: 'close',
  })
  // Node leaves the body out of an answer to HEAD.
  response.end(text)
}
