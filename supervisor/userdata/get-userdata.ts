/** One GET of the userdata, over one interface and no other. Whoever answers is not trusted: what it sends is bounded, and it leads nowhere else. */
import { type IncomingMessage, request as startRequest } from 'node:http'
import { isIP } from 'node:net'
import type { Duplex } from 'node:stream'
import type { UserdataSettings } from '../../formats/userdata.ts'
import type { Clock } from '../../runtime/clock.ts'
import { errorCode } from '../../runtime/errors.ts'
import { printable } from '../../runtime/printable.ts'
import { settled, within } from '../../runtime/waiting.ts'
import { type AddressFault, describeName } from '../../transport/dial-failure.ts'
import { Names } from '../../transport/names.ts'
import type { NetworkPath } from '../../transport/open-stream.ts'
import { USERDATA_MAX_BYTES } from './read-userdata.ts'

/** Milliseconds for all of it: a modem that sleeps takes some, and the body is small. */
const GET_MS = 60_000
/** Milliseconds for a TCP connection to one of several addresses. */
const SYN_MS = 15_000
const ADDRESSES_MAX = 4
/** Bytes of the head of an answer. */
const HEAD_MAX = 16_384

export type Got = { ok: true; text: string } | { ok: false; cause: string }

export interface GetOptions {
  pathOf(interfaceName: string): NetworkPath
  clock: Clock
  signal: AbortSignal
  /** Milliseconds for all of it. */
  limitMs?: number
}

/** Never rejects; leaves no connection open. */
export async function getUserdata(
  { url, interface: name }: Pick<UserdataSettings, 'url' | 'interface'>,
  { pathOf, clock, signal, limitMs = GET_MS }: GetOptions,
): Promise<Got> {
  const get = (deadline: AbortSignal) => getOnce(new URL(url), pathOf(name), clock, deadline)
  const outcome = await within(limitMs, [signal], get, { clock })
  if (outcome.kind === 'done') return outcome.value
  return failed(`it did not come within ${limitMs / 1_000} s`)
}

async function getOnce(url: URL, path: NetworkPath, clock: Clock, signal: AbortSignal): Promise<Got> {
  const host = url.hostname.replace(/^\[|\]$/g, '')
  const resolved = await new Names(path.lookup).resolve(host, signal)
  if (!resolved.ok) return failed(describeName(host, resolved.fault))
  const addresses = resolved.addresses.slice(0, ADDRESSES_MAX)
  let fault: AddressFault | undefined
  for (const address of addresses) {
    const port = Number(url.port || 80)
    const synMs = addresses.length === 1 ? GET_MS : SYN_MS
    const opening = await within(synMs, [signal], until => path.open({ address, port, signal: until }), {
      clock,
      discard: late => late.ok && late.stream.destroy(),
    })
    const opened = opening.kind === 'done' ? opening.value : undefined
    if (opened?.ok) return ask(url, opened.stream, signal)
    fault = opened?.fault ?? { kind: 'no-answer' }
  }
  return failed(describe(fault, isIP(host) === 0 ? `${host} (${addresses.join(', ')})` : host))
}

function ask(url: URL, stream: Duplex, signal: AbortSignal): Promise<Got> {
  return settled<Got>(signal, failed('given up'), settle => {
    const request = startRequest(
      {
        // The stream itself: no pool of connections, and no proxy of the environment.
        createConnection: () => stream,
        maxHeaderSize: HEAD_MAX,
        path: `${url.pathname}${url.search}`,
        setHost: false,
        headers: {
          host: url.host,
          'user-agent': 'oobm',
          accept: 'application/json',
          'accept-encoding': 'identity',
          connection: 'close',
        },
      },
      response => read(response, settle),
    )
    request.on('error', err =>
      settle(failed(`the answer is not understood, or cut short: ${printable(errorCode(err) ?? 'no HTTP', 60)}`)),
    )
    request.once('close', () => settle(failed('the server closes the connection')))
    request.end()
  }).finally(() => stream.destroy())
}

function read(response: IncomingMessage, answer: (got: Got) => void) {
  const { statusCode = 0, headers } = response
  response.on('error', () => answer(failed('the answer was cut short')))
  response.on('aborted', () => answer(failed('the answer was cut short')))
  if (statusCode >= 300 && statusCode < 400) {
    const where = printable(headers.location ?? 'none', 100)
    return answer(failed(`the server redirects to ${where}, which is not followed: a login page of this network?`))
  }
  if (statusCode === 404) return answer(failed('the server answers 404: it has no userdata for this SIM'))
  if (statusCode !== 200) return answer(failed(`the server answers ${statusCode}`))
  const tooLarge = failed(`it is larger than ${USERDATA_MAX_BYTES} bytes`)
  if (Number(headers['content-length'] ?? 0) > USERDATA_MAX_BYTES) return answer(tooLarge)
  const parts: Buffer[] = []
  let length = 0
  response.on('data', (part: Buffer) => {
    length += part.length
    if (length > USERDATA_MAX_BYTES) return answer(tooLarge)
    parts.push(part)
  })
  response.on('end', () => {
    if (response.complete) answer(decoded(Buffer.concat(parts), headers['content-type']))
  })
}

function decoded(bytes: Buffer, type = 'no type'): Got {
  if (/^\s*</.test(bytes.toString('latin1', 0, 200)))
    return failed(`a page came in its place (${printable(type, 40)}): a login page of this network?`)
  try {
    return { ok: true, text: new TextDecoder('utf-8', { fatal: true }).decode(bytes) }
  } catch {
    return failed('it is no UTF-8 text')
  }
}

function describe(fault: AddressFault | undefined, where: string): string {
  switch (fault?.kind) {
    case 'refused':
      return `${where} refuses connections`
    case 'no-route':
      return `${where} cannot be reached over this interface: it is down, or has no address or no default route`
    case 'local':
      return `this device cannot open a connection: ${fault.detail}`
    default:
      return `${where} does not answer`
  }
}

function failed(cause: string): { ok: false; cause: string } {
  return { ok: false, cause }
}
