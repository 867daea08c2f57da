/** What the seat makes of the requests that relays tell of: nothing counts without the site's own secret; pure. */
import { type EnrolmentRequest, enrolmentFingerprint, readRequest, requestId } from '../../../formats/enrolment.ts'
import type { RelayRequest } from '../../relay/enrolment/requests.ts'

/** A board that waits. */
export interface WaitingBoard {
  request: EnrolmentRequest
  id: string
  fingerprint: string
  /** Relays that have its request. */
  relays: string[]
  /** By the clock of the relay that told it last. */
  atMs: number
  rejected: boolean
  /** The device that it is already. */
  device: string | undefined
}

export interface Judged {
  boards: WaitingBoard[]
  /** What cannot be of a board, a sentence for each relay. */
  warnings: string[]
}

/**
 * @param secrets of each enrolment of the fleet file, by its name
 * @param devices the relay key of each device → its name
 */
export function judgeRequests(
  told: readonly { relay: string; requests: readonly RelayRequest[] }[],
  secrets: ReadonlyMap<string, string>,
  devices: ReadonlyMap<string, string>,
): Judged {
  const boards = new Map<string, WaitingBoard>()
  const warnings: string[] = []
  for (const { relay, requests } of told) {
    let forged = 0
    for (const { site, text, atMs, rejected } of requests) {
      const secret = secrets.get(site)
      // Of an enrolment that was closed.
      if (secret === undefined) continue
      const read = readRequest(text, secret)
      if ('refused' in read || read.request.site !== site) {
        forged++
        continue
      }
      const { request } = read
      const id = requestId(request)
      const fingerprint = enrolmentFingerprint(request)
      const known = boards.get(fingerprint)
      if (known === undefined) {
        const device = devices.get(request.relayKey)
        boards.set(fingerprint, { request, id, fingerprint, relays: [relay], atMs, rejected, device })
      } else {
        if (!known.relays.includes(relay)) known.relays.push(relay)
        known.rejected ||= rejected
        if (atMs > known.atMs) Object.assign(known, { atMs, request })
      }
    }
    if (forged > 0) warnings.push(forgedAt(relay, forged))
  }
  const all = [...boards.values()].sort((a, b) => a.request.board.localeCompare(b.request.board))
  return { boards: all, warnings }
}

function forgedAt(relay: string, count: number): string {
  const what = count === 1 ? '1 request that does' : `${count} requests that do`
  return `${relay} has ${what} not come from a board with the card file (the HMAC is wrong), left out here: is that relay what it was?`
}

/** The boards of one serial number, or the one with that fingerprint. */
export function boardsOf(boards: readonly WaitingBoard[], serial: string, fingerprint?: string): WaitingBoard[] {
  const bare = (text: string) => text.toLowerCase().replace(/^0+/, '')
  return boards.filter(
    board => bare(board.request.board) === bare(serial) && (fingerprint ?? board.fingerprint) === board.fingerprint,
  )
}
