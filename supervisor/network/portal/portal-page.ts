/** The page of a captive portal, from its answer to a plain request or from its API; pure. All of it is text of a stranger. */
import * as z from 'zod'
import { printable } from '../../../runtime/printable.ts'

export interface HttpAnswer {
  status: number
  location: string | undefined
}

/** Characters of an address that are shown: it has to be typed by somebody. */
const ADDRESS_MAX = 160

/**
 * @param host the relay, whose root was asked for
 * @returns where the answer leads, for people; undefined where it leads to no other host by HTTP
 */
export function portalPage({ status, location }: HttpAnswer, host: string): string | undefined {
  const asked = rootOf(host)
  // Network Authentication Required (RFC 6585, section 6): the page is the answer itself.
  if (status === 511) return shown(asked)
  if (status < 300 || status > 399 || location === undefined) return undefined
  const page = URL.canParse(location, asked.href) ? new URL(location, asked) : undefined
  if (page === undefined || !/^https?:$/.test(page.protocol) || page.hostname === asked.hostname) return undefined
  return shown(page)
}

/** RFC 8908, section 5; other keys say how long one may stay. */
const answerSchema = z.object({ captive: z.boolean(), 'user-portal-url': z.string().optional() })

/**
 * @param text what the API answered
 * @returns the page for people; undefined where no portal is in the way, and for what is no such answer
 */
export function apiPage(text: string, api: URL): string | undefined {
  const answer = answerSchema.safeParse(jsonOf(text)).data
  if (!answer?.captive) return undefined
  const { 'user-portal-url': page = '' } = answer
  return shown(/^https?:/i.test(page) && URL.canParse(page) ? new URL(page) : api)
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function rootOf(host: string): URL {
  return new URL(`http://${host.includes(':') ? `[${host}]` : host}/`)
}

/** Without a login and without what is too long: each request in that network leads to the page anyway. */
function shown(page: URL): string {
  const short = `${page.origin}${page.pathname}`
  const text = [short + page.search, short, `${page.origin}/`].find(one => one.length <= ADDRESS_MAX)
  return printable(text ?? page.origin, ADDRESS_MAX)
}
