/** One GET of a settings document. The server is not trusted: what it sends is bounded, and only a signature makes it settings. */
import { lookup as systemLookup } from 'node:dns'
import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import { BlockList, isIP, type LookupFunction } from 'node:net'
import { DOCUMENT_MAX_BYTES } from '../../formats/settings-delivery.ts'
import type { Clock } from '../../runtime/clock.ts'
import { errorMessage } from '../../runtime/errors.ts'
import { printable } from '../../runtime/printable.ts'
import { settled, within } from '../../runtime/waiting.ts'

/** Milliseconds for all of it, redirects included: 256 KiB at 20 kbit/s, and some. */
const GET_MS = 180_000
const REDIRECTS_MAX = 3
/** The line that begins a signature: what has none is a page of a captive portal, or an error. */
const SIGNED = '-----BEGIN SSH SIGNATURE-----'

export type Got =
  | { kind: 'document'; bytes: Buffer; etag: string | undefined }
  | { kind: 'unchanged' }
  | { kind: 'failed'; cause: string }

export interface GetOptions {
  /** Of the document that is known: a server answers 304 then (RFC 9110, section 13.1.2). */
  etag: string | undefined
  clock: Clock
  signal: AbortSignal
  /** Milliseconds for all of it. */
  limitMs?: number
}

/** Never rejects; leaves no connection open. */
export async function getDocument(url: string, { etag, clock, signal, limitMs = GET_MS }: GetOptions): Promise<Got> {
  const outcome = await within(limitMs, [signal], deadline => follow(new URL(url), etag, deadline), { clock })
  if (outcome.kind === 'done') return outcome.value
  return failed(`the server did not send it within ${limitMs / 1_000} s`)
}

async function follow(first: URL, etag: string | undefined, signal: AbortSignal): Promise<Got> {
  let url = first
  for (let redirects = 0; ; redirects++) {
    const isOwn = url.origin === first.origin
    const step = await getOnce(url, isOwn, redirects === 0 ? etag : undefined, signal)
    if (!('location' in step)) return step
    if (redirects === REDIRECTS_MAX) return failed(`the server redirects more than ${REDIRECTS_MAX} times`)
    if (!URL.canParse(step.location, url.href)) return failed('the server redirects to no address')
    const next = new URL(step.location, url)
    if (!/^https?:$/.test(next.protocol)) return failed(`the server redirects to ${shown(next.protocol)}: refused`)
    if (url.protocol === 'https:' && next.protocol === 'http:')
      return failed('the server redirects from https to http: refused')
    url = next
  }
}

/** @param isOwn whether it is the server that the settings name, which may be any, also this board's own */
function getOnce(
  url: URL,
  isOwn: boolean,
  etag: string | undefined,
  signal: AbortSignal,
): Promise<Got | { location: string }> {
  const host = url.hostname.replace(/^\[|\]$/g, '')
  if (!isOwn && isIP(host) !== 0 && isOwnSide(host)) return Promise.resolve(failed(ownSide(host)))
  const isNamed = isIP(host) === 0 && host !== 'localhost'
  return settled<Got | { location: string }>(signal, failed('given up'), settle => {
    const options = {
      signal,
      // Of our own: one of Node's may take a proxy from the environment.
      agent: url.protocol === 'https:' ? new HttpsAgent({ rejectUnauthorized: false }) : new HttpAgent(),
      headers: { accept: 'text/plain, */*', 'accept-encoding': 'identity', ...(etag && { 'if-none-match': etag }) },
      ...((isNamed || !isOwn) && { lookup: lookupElsewhere }),
    }
    const request = (url.protocol === 'https:' ? httpsRequest : httpRequest)(url, options, response => {
      read(response, etag !== undefined, answer => {
        settle(answer)
        request.destroy()
      })
    })
    request.on('error', err => settle(failed(printable(errorMessage(err), 200))))
    request.end()
  })
}

function read(response: IncomingMessage, mayBeUnchanged: boolean, answer: (got: Got | { location: string }) => void) {
  const { statusCode = 0, headers } = response
  response.on('error', err => answer(failed(`the answer was cut short: ${printable(errorMessage(err), 200)}`)))
  if (statusCode === 304 && mayBeUnchanged) return answer({ kind: 'unchanged' })
  if ([301, 302, 303, 307, 308].includes(statusCode)) return answer({ location: headers.location ?? '' })
  if (statusCode !== 200) return answer(failed(`the server answers ${statusCode}`))
  const tooLarge = failed(`it is larger than ${DOCUMENT_MAX_BYTES} bytes, which no settings document is`)
  if (Number(headers['content-length'] ?? 0) > DOCUMENT_MAX_BYTES) return answer(tooLarge)
  const parts: Buffer[] = []
  let length = 0
  response.on('data', (part: Buffer) => {
    parts.push(part)
    length += part.length
    if (length > DOCUMENT_MAX_BYTES) answer(tooLarge)
  })
  response.on('end', () => {
    const bytes = Buffer.concat(parts)
    const { etag } = headers
    if (bytes.includes(SIGNED))
      return answer({ kind: 'document', bytes, etag: etag && etag.length < 300 ? etag : undefined })
    const type = shown(headers['content-type'] ?? 'no type')
    answer(
      failed(`what the server sent (${length} bytes, ${type}) is no signed document: another page, or a login page?`),
    )
  })
}

/** This board, its links, and the metadata services of clouds (RFC 6890): a name from outside must not lead there. */
const OWN_SIDE = new BlockList()
for (const [net, bits, family] of [
  ['0.0.0.0', 8, 'ipv4'],
  ['127.0.0.0', 8, 'ipv4'],
  ['169.254.0.0', 16, 'ipv4'],
  ['224.0.0.0', 3, 'ipv4'],
  ['::', 127, 'ipv6'],
  ['fe80::', 10, 'ipv6'],
  ['ff00::', 8, 'ipv6'],
  ['fd00:ec2::', 32, 'ipv6'],
] as const)
  OWN_SIDE.addSubnet(net, bits, family)

function isOwnSide(address: string): boolean {
  return OWN_SIDE.check(address, isIP(address) === 4 ? 'ipv4' : 'ipv6')
}

function ownSide(address: string): string {
  return `the address leads to ${address}, which is this board, its link or a metadata service: refused`
}

const lookupElsewhere: LookupFunction = (host, options, done) => {
  systemLookup(host, { ...options, all: true }, (err, addresses) => {
    const bad = addresses?.find(({ address }) => isOwnSide(address))
    if (err) return done(err, '')
    if (bad) return done(new Error(ownSide(bad.address)), '')
    if (options.all) return done(null, addresses)
    done(null, addresses[0]?.address ?? '', addresses[0]?.family)
  })
}

function shown(text: string): string {
  return printable(text, 60)
}

function failed(cause: string): { kind: 'failed'; cause: string } {
  return { kind: 'failed', cause }
}
