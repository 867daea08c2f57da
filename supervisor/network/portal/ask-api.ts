/**
 * Asks the API of a captive portal whether it is in the way (RFC 8908). Its certificate is not verified: a board may not know the
 * time, DHCP itself is a stranger's word, and nothing is sent but the question.
 */
import type { IncomingMessage } from 'node:http'
import { request as startRequest } from 'node:https'
import { isIP } from 'node:net'
import { connect } from 'node:tls'
import { settled } from '../../../runtime/waiting.ts'
import type { NetworkPath } from '../../../transport/open-stream.ts'
import { apiPage } from './portal-page.ts'

/** Bytes of an answer's head, and of its body. */
const ANSWER_MAX = 8_192

/** @returns the page's address; undefined where no portal is in the way, and where nobody says so. Never rejects. */
export async function askApi(
  { open, lookup }: Pick<NetworkPath, 'open' | 'lookup'>,
  api: URL,
  signal: AbortSignal,
): Promise<string | undefined> {
  const host = api.hostname.replace(/^\[(.*)\]$/, '$1')
  const found = isIP(host) === 0 ? lookup(host) : Promise.resolve([host])
  const [address] = await settled<string[]>(signal, [], settle => void found.then(settle, () => settle([])))
  if (address === undefined) return undefined
  const opened = await open({ address, port: Number(api.port || 443), signal })
  if (!opened.ok) return undefined
  const { stream } = opened
  const secure = connect({
    ...{ socket: stream, host, rejectUnauthorized: false, ca: [] },
    ...(isIP(host) === 0 && { servername: host }),
  })
  secure.on('error', () => {})
  try {
    const text = await settled<string | undefined>(signal, undefined, settle => {
      const request = startRequest({
        ...{ method: 'GET', path: `${api.pathname}${api.search}`, createConnection: () => secure, setHost: false },
        maxHeaderSize: ANSWER_MAX,
        headers: { host: api.host, accept: 'application/captive+json', 'user-agent': 'oobm', connection: 'close' },
      })
      request.on('error', () => settle(undefined))
      request.once('close', () => settle(undefined))
      request.once('response', response => readText(response, settle))
      request.end()
    })
    return text === undefined ? undefined : apiPage(text, api)
  } finally {
    secure.destroy()
    stream.destroy()
  }
}

function readText(response: IncomingMessage, settle: (text: string | undefined) => void): void {
  if (response.statusCode !== 200) {
    response.destroy()
    settle(undefined)
    return
  }
  let text = ''
  response.setEncoding('utf8').on('data', (part: string) => {
    text += part
    if (text.length > ANSWER_MAX) response.destroy()
  })
  response.once('error', () => settle(undefined)).once('end', () => settle(text))
}
