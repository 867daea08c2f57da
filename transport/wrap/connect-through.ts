/** A way through an HTTP proxy (CONNECT, RFC 9110, section 9.3.6), with a login where it asks for one. */
import { type IncomingMessage, request as startRequest } from 'node:http'
import { isIP } from 'node:net'
import type { Duplex } from 'node:stream'
import { errorCode, errorMessage } from '../../runtime/errors.ts'
import { printable } from '../../runtime/printable.ts'
import { settled } from '../../runtime/waiting.ts'
import type { AddressFault } from '../dial-failure.ts'
import type { HttpProxy } from '../way.ts'
import type { Approach } from './approach.ts'
import { authorizationFor, challengesIn } from './proxy-login.ts'

/** Bytes of the head of an answer; an honest one has a few hundred. */
const HEAD_MAX = 16_384
/** Requests for one stream: without a login, with one, and with one for a nonce that has become stale (RFC 7616, section 3.3). */
const REQUESTS_MAX = 3
/** What a board is called to a proxy: some refuse what names no program. */
const AGENT = 'oobm'

/** @param below leads to the proxy */
export function connectThrough(below: Approach, proxy: HttpProxy, to: { host: string; port: number }): Approach {
  const authority = isIP(to.host) === 6 ? `[${to.host}]:${to.port}` : `${to.host}:${to.port}`
  return async target => {
    let authorization: string | undefined
    for (let requests = 1; ; requests++) {
      // Anew each time: most proxies close the connection on which they asked for a login.
      const opened = await below(target)
      if (!opened.ok) return opened
      target.note({ kind: 'proxy', detail: 'it does not answer' })
      const answer = await ask(opened.stream, authority, authorization, target.signal)
      if (answer.kind === 'open') return opened
      opened.stream.destroy()
      if (answer.kind === 'fault') return { ok: false, fault: answer.fault }
      const login = authorizationFor(answer.challenges, proxy, {
        uri: authority,
        isSecondTry: authorization !== undefined,
      })
      if (!login.ok) return { ok: false, fault: { kind: 'proxy-login', detail: login.cause } }
      if (requests === REQUESTS_MAX || target.signal.aborted) {
        return { ok: false, fault: { kind: 'proxy-login', detail: 'it asks for a login again and again' } }
      }
      authorization = login.value
    }
  }
}

type Answer =
  | { kind: 'open' }
  | { kind: 'login'; challenges: ReturnType<typeof challengesIn> }
  | { kind: 'fault'; fault: AddressFault }

function ask(
  stream: Duplex,
  authority: string,
  authorization: string | undefined,
  signal: AbortSignal,
): Promise<Answer> {
  const broken = (detail: string): Answer => ({ kind: 'fault', fault: { kind: 'proxy', detail } })
  return settled<Answer>(signal, broken('it does not answer'), settle => {
    const request = startRequest({
      method: 'CONNECT',
      path: authority,
      createConnection: () => stream,
      maxHeaderSize: HEAD_MAX,
      setHost: false,
      headers: {
        host: authority,
        'user-agent': AGENT,
        'proxy-connection': 'keep-alive',
        connection: 'keep-alive',
        ...(authorization !== undefined && { 'proxy-authorization': authorization }),
      },
    })
    request.on('error', err =>
      settle(broken(`its answer is not understood: ${printable(errorCode(err) ?? errorMessage(err))}`)),
    )
    request.once('close', () => settle(broken('it closes the connection')))
    // Every answer to CONNECT comes here, also one that refuses it.
    request.once('connect', (response, _, rest) => {
      const answer = read(response, broken)
      if (answer.kind === 'open' && rest.length > 0) stream.unshift(rest)
      settle(answer)
    })
    request.end()
  })
}

function read(
  { statusCode = 0, statusMessage = '', headers }: IncomingMessage,
  broken: (detail: string) => Answer,
): Answer {
  if (statusCode >= 200 && statusCode < 300) return { kind: 'open' }
  // tinyproxy answers 401 to a login that it does not accept.
  if (statusCode === 407 || statusCode === 401)
    return { kind: 'login', challenges: challengesIn(headers['proxy-authenticate'] ?? '') }
  if (statusCode >= 300 && statusCode < 400) {
    return broken(`it answers with another address, ${printable(headers.location ?? 'which it does not name', 120)}`)
  }
  return broken(`it answers ${statusCode} ${printable(statusMessage, 80)}`.trimEnd())
}
