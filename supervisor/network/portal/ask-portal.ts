/**
 * One plain HTTP request for the relay's root, which a captive portal answers in its place. No third host learns of it, and a
 * relay without a web server gets one TCP connection that it refuses.
 */
import { request as startRequest } from 'node:http'
import { isIP } from 'node:net'
import { settled } from '../../../runtime/waiting.ts'
import type { NetworkPath } from '../../../transport/open-stream.ts'
import { type HttpAnswer, portalPage } from './portal-page.ts'

const HTTP_PORT = 80
/** Bytes of the head of an answer. */
const HEAD_MAX = 8_192
/** Addresses of the relay's name that are asked. */
const ADDRESSES_MAX = 2

/** @returns the page's address; undefined where nothing answers, or something that leads nowhere. Never rejects. */
export async function askPortal(
  { open, lookup }: Pick<NetworkPath, 'open' | 'lookup'>,
  host: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  const addresses = isIP(host) === 0 ? await settledLookup(lookup(host), signal) : [host]
  for (const address of addresses.slice(0, ADDRESSES_MAX)) {
    const opened = await open({ address, port: HTTP_PORT, signal })
    if (!opened.ok) continue
    const { stream } = opened
    try {
      const answer = await settled<HttpAnswer | undefined>(signal, undefined, settle => {
        const request = startRequest({
          ...{ method: 'GET', path: '/', createConnection: () => stream, maxHeaderSize: HEAD_MAX, setHost: false },
          headers: { host: host.includes(':') ? `[${host}]` : host, 'user-agent': 'oobm', connection: 'close' },
        })
        request.on('error', () => settle(undefined))
        request.once('close', () => settle(undefined))
        request.once('response', response => {
          settle({ status: response.statusCode ?? 0, location: response.headers.location })
          response.destroy()
        })
        request.end()
      })
      const page = answer && portalPage(answer, host)
      if (page !== undefined) return page
    } finally {
      stream.destroy()
    }
  }
  return undefined
}

function settledLookup(found: Promise<string[]>, signal: AbortSignal): Promise<string[]> {
  return settled<string[]>(signal, [], settle => void found.then(settle, () => settle([])))
}
