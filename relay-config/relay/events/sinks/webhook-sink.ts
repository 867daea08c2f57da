/** Posts events as JSON to an HTTP or HTTPS address, one a request. */
import { once } from 'node:events'
import { request as httpRequest, type IncomingMessage } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { errorMessage } from '../../../../runtime/errors.ts'
import { VERSION } from '../../../../runtime/version.ts'
import { within } from '../../../../runtime/waiting.ts'
import type { Delivery, Sink } from '../sink.ts'

export interface WebhookOptions {
  url: string
  headers: Record<string, string>
  ca: string | undefined
}

/** Milliseconds from the first packet until the whole answer is there. */
const REQUEST_MS = 15_000
/** What says that the event itself cannot be taken (RFC 9110): others may mean that the address or a token is wrong. */
const REFUSED = [400, 413, 422]

export function webhookSink(options: WebhookOptions): Sink {
  return {
    batch: 1,
    deliver: async ([event], signal) => {
      const body = Buffer.from(JSON.stringify(event))
      try {
        const outcome = await within(REQUEST_MS, [signal], over => post(options, body, over))
        if (outcome.kind === 'done') return deliveryOf(outcome.value)
        return notTaken(outcome.kind === 'timeout' ? `no answer within ${REQUEST_MS / 1000} s` : 'ended')
      } catch (err) {
        return notTaken(errorMessage(err))
      }
    },
  }
}

function deliveryOf(status: number): Delivery {
  if (status >= 200 && status < 300) return { taken: 1 }
  const moved =
    status >= 300 && status < 400 ? '; a redirection is not followed: put the new address into the file' : ''
  return { taken: 0, problem: { text: `it answers ${status}${moved}`, isRefused: REFUSED.includes(status) } }
}

const notTaken = (text: string): Delivery => ({ taken: 0, problem: { text } })

async function post({ url, headers, ca }: WebhookOptions, body: Buffer, over: AbortSignal): Promise<number> {
  const send = url.startsWith('https:') ? httpsRequest : httpRequest
  const request = send(url, {
    method: 'POST',
    agent: false,
    signal: over,
    ...(ca !== undefined && { ca }),
    headers: {
      'content-type': 'application/json',
      'content-length': body.length,
      'user-agent': `oobm-relay/${VERSION}`,
      ...headers,
    },
  })
  request.end(body)
  const [response] = (await once(request, 'response')) as [IncomingMessage]
  // What it says beside the status interests nobody, however long it is.
  response.destroy()
  return response.statusCode ?? 0
}

/** @throws Error for a line that is no header */
export function parseHeaders(text: string): Record<string, string> {
  const lines = text.split(/\r?\n/).filter(line => line.trim() !== '')
  return Object.fromEntries(
    lines.map((line, index) => {
      const [, name, value] = /^([!#$%&'*+.^_`|~\w-]+):[ \t]*([ -~]*)$/.exec(line) ?? []
      if (name === undefined || value === undefined) throw new Error(`line ${index + 1} is not "Name: value"`)
      return [name, value.trim()]
    }),
  )
}
