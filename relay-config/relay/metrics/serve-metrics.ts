/** Answers Prometheus's scrapes, on a loopback address alone. */
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { type AddressInfo, isIP } from 'node:net'
import { EXIT, errorMessage, UserError } from '../../../runtime/errors.ts'
import { OVER, whenAborted, within } from '../../../runtime/waiting.ts'

export interface Listen {
  host: string
  port: number
}

/** Milliseconds for one look at the fleet: a scrape of Prometheus waits ten seconds. */
const LOOK_MS = 9_000
/** Milliseconds for a client to send its request, and to take the answer. */
const PATIENCE_MS = 10_000
/** Connections at once: some Prometheus servers, and a person who looks. */
const CONNECTIONS = 16
const TYPE = 'text/plain; version=0.0.4; charset=utf-8'

/**
 * @param text `PORT` or `ADDRESS:PORT`
 * @throws UserError for what is not a loopback address
 */
export function parseListen(text: string): Listen {
  const [, named = '127.0.0.1', digits] = /^(?:(\[[\da-f:.]+\]|[\w.-]+):)?(\d{1,5})$/i.exec(text) ?? []
  const host = named.replace(/^\[(.*)\]$/, '$1')
  const port = Number(digits ?? Number.NaN)
  if (!(port <= 65_535))
    throw new UserError(
      `--listen takes PORT or ADDRESS:PORT, such as 9822 or [::1]:9822; "${text}" is neither`,
      EXIT.usage,
    )
  if (!(isIP(host) === 4 && host.startsWith('127.')) && host !== '::1') {
    const advice = 'put a web server with TLS and a login in front, or let Prometheus scrape on this host'
    throw new UserError(`--listen is for loopback addresses, and "${host}" is none: ${advice}`, EXIT.usage)
  }
  return { host, port }
}

/**
 * Serves until aborted. Scrapes that come while the fleet is being looked at get the same answer.
 * @param look gives the text; what it throws is the answer, with status 500, and is told
 * @param onListening gets the port, also where the kernel chose it
 */
export async function serveMetrics(
  { host, port }: Listen,
  look: (signal: AbortSignal) => Promise<string>,
  signal: AbortSignal,
  { onListening, tell }: { onListening(port: number): void; tell(text: string): void },
): Promise<void> {
  let looking: Promise<{ status: number; text: string }> | undefined
  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    request.resume()
    const { pathname } = new URL(request.url ?? '/', 'http://relay')
    if (request.method !== 'GET' && request.method !== 'HEAD') return send(response, 405, 'only GET is answered\n')
    if (pathname === '/') return send(response, 200, 'oobm-relay metrics: the figures are at /metrics\n')
    if (pathname !== '/metrics') return send(response, 404, 'not here: the figures are at /metrics\n')
    looking ??= lookOnce(look, signal, tell).finally(() => {
      looking = undefined
    })
    const { status, text } = await looking
    return send(response, status, text)
  }
  const server = createServer({ requestTimeout: PATIENCE_MS, headersTimeout: PATIENCE_MS }, (request, response) => {
    response.setTimeout(PATIENCE_MS + LOOK_MS, () => response.destroy())
    void answer(request, response).catch(() => response.destroy())
  })
  server.maxConnections = CONNECTIONS
  server.listen(port, host)
  try {
    await once(server, 'listening')
  } catch (err) {
    throw new UserError(`cannot listen on ${host}:${port}: ${errorMessage(err)}`, EXIT.unavailable, { cause: err })
  }
  onListening((server.address() as AddressInfo).port)
  await whenAborted(signal)
  server.close()
  server.closeAllConnections()
}

async function lookOnce(
  look: (signal: AbortSignal) => Promise<string>,
  signal: AbortSignal,
  tell: (text: string) => void,
) {
  const fail = (status: number, text: string) => {
    tell(text)
    return { status, text: `${text}\n` }
  }
  try {
    const outcome = await within(LOOK_MS, [signal], look)
    if (outcome.kind === 'done') return { status: 200, text: outcome.value }
    return fail(503, outcome.kind === 'timeout' ? `the fleet was not read within ${LOOK_MS / 1000} s` : OVER)
  } catch (err) {
    if (!(err instanceof Error)) throw err
    return fail(500, errorMessage(err))
  }
}

function send(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { 'content-type': TYPE, 'content-length': Buffer.byteLength(text), connection: 'close' })
  response.end(text)
}
