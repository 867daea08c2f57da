/** One HTTP request to an outlet, bounded in time and size; it follows no redirect. */
import { type IncomingMessage, request } from 'node:http'
import { isIPv6 } from 'node:net'
import { errorCode, errorMessage, UserError } from '../../runtime/errors.ts'
import { within } from '../../runtime/waiting.ts'

/** Milliseconds for one answer: a plug answers in a tenth of a second, over bad Wi-Fi in two. */
const ANSWER_MS = 5_000
/** The longest answer of these devices has a few hundred bytes. */
const ANSWER_BYTES = 16_384

export interface Place {
  host: string
  port: number
}

export interface Answer {
  status: number
  /** Undefined where the body is no JSON object. */
  json: Record<string, unknown> | undefined
  isHtml: boolean
  /** The challenge of a 401. */
  challenge: string
  /** Where a redirect leads. */
  location: string
}

/** @throws UserError where there is no whole answer in time */
export async function get(
  { host, port }: Place,
  path: string,
  headers: Record<string, string>,
  signal: AbortSignal,
): Promise<Answer> {
  const where = port === 80 ? host : isIPv6(host) ? `[${host}]:${port}` : `${host}:${port}`
  const outcome = await within(ANSWER_MS, [signal], over => getNow({ host, port }, path, headers, over)).catch(err => {
    throw err instanceof UserError ? err : new UserError(`does not answer: ${where}: ${whyOf(err)}`)
  })
  if (outcome.kind === 'done') return outcome.value
  throw new UserError(
    outcome.kind === 'timeout'
      ? `does not answer: ${where}: no answer within ${ANSWER_MS / 1000} s`
      : 'was not asked any more',
  )
}

function whyOf(err: unknown): string {
  switch (errorCode(err)) {
    case 'ECONNREFUSED':
      return 'the connection was refused'
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
      return 'there is no route to it, or it is off'
    case 'EPERM':
    case 'EACCES':
      return 'this program may not reach it: see "systemctl status oobm-outlets"'
    case 'ECONNRESET':
      return 'it closed the connection'
    default:
      return errorMessage(err)
  }
}

function getNow(
  { host, port }: Place,
  path: string,
  headers: Record<string, string>,
  signal: AbortSignal,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const asked = request(
      { host, port, path, headers: { ...headers, connection: 'close' }, agent: false, signal },
      answer => {
        readBody(answer).then(body => resolve(answerOf(answer, body)), reject)
      },
    )
    asked.on('error', reject)
    asked.end()
  })
}

async function readBody(answer: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of answer) {
    bytes += (chunk as Buffer).length
    if (bytes > ANSWER_BYTES) {
      answer.destroy()
      throw new UserError(`answers with more than ${ANSWER_BYTES} bytes: it is no outlet of this kind`)
    }
    chunks.push(chunk as Buffer)
  }
  return Buffer.concat(chunks).toString('utf8')
}

function answerOf({ statusCode = 0, headers }: IncomingMessage, body: string): Answer {
  return {
    status: statusCode,
    json: objectOf(body),
    isHtml: /html/i.test(headers['content-type'] ?? '') || /^\s*</.test(body),
    challenge: headers['www-authenticate'] ?? '',
    location: headers.location ?? '',
  }
}

function objectOf(body: string): Record<string, unknown> | undefined {
  try {
    const value = JSON.parse(body)
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined
  } catch {
    return undefined
  }
}

/** The object that a good answer has. @throws UserError with what came in its place */
export function goodJson({ status, json, isHtml, location }: Answer, maker: string): Record<string, unknown> {
  if (status === 401 || status === 403)
    throw new UserError('refuses the login: its password is the secret in outlet_secrets (docs/power.md)')
  if (status >= 300 && status < 400)
    throw new UserError(
      `answers with a redirect${shown(location, ' to ')}, which is not followed: is it a ${maker}, and is this its address?`,
    )
  if (status < 200 || status >= 300)
    throw new UserError(
      `answers with HTTP ${status}${typeof json?.message === 'string' ? shown(json.message, ': ') : ''}`,
    )
  if (json === undefined)
    throw new UserError(
      `answers with ${isHtml ? 'a web page' : 'something'} in place of JSON: is it a ${maker}, and is this its address?`,
    )
  return json
}

/** What an outlet says goes to a terminal. */
export function shown(text: string, before = ''): string {
  return text === '' ? '' : `${before}${text.replace(/[^ -~]/g, '?').slice(0, 80)}`
}
