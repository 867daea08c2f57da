/** The boards that wait, as commands at the operator's seat see them. */
import { readdir } from 'node:fs/promises'
import { usageError } from '../../../cli/command.ts'
import { systemClock } from '../../../runtime/clock.ts'
import { EXIT, UserError } from '../../../runtime/errors.ts'
import type { Enrolment, Fleet, Relay } from '../../fleet/fleet-config.ts'
import type { RelayRequest } from '../../relay/enrolment/requests.ts'
import type { CommandInput } from '../command.ts'
import { askEach } from '../fleet-wide/ask-each.ts'
import { readPublicKey } from '../secrets.ts'
import { boardsOf, type Judged, judgeRequests, type WaitingBoard } from './judge-requests.ts'
import { desksOf, type RelayDesk } from './relay-desk.ts'
import { readSiteKeys } from './site-keys.ts'

export interface Found extends Judged {
  desks: readonly RelayDesk[]
  /** The worst exit code of a relay that could not be asked; the reason was shown. */
  code: number
}

export async function findBoards({ fleet, files, values, signal }: CommandInput): Promise<Found> {
  if (fleet.enrolments.length === 0) {
    const advice = 'make one with "oobm-relay enrolment open NAME --boards N"'
    throw new UserError(`${files.fleet} has no enrolment, so no new board can ask: ${advice}`, EXIT.configuration)
  }
  const secrets = new Map<string, string>()
  for (const { name } of fleet.enrolments) secrets.set(name, (await readSiteKeys(files.secrets, name)).siteSecret)
  const desks = desksOf(relaysNamed(fleet, values.relay, files.fleet), values, signal)
  const { answers, code } = await askEach(desks, async (desk, onLogin) => desk.list(onLogin))
  // Those of an earlier enrolment of the same name stay at a relay until the first board asks anew.
  const isOfNow = ({ site, key }: RelayRequest) =>
    key === undefined || fleet.enrolments.some(one => one.name === site && one.key.split(' ')[1] === key)
  const told = answers.map(({ relay, answer }) => ({ relay: relay.name, requests: answer.filter(isOfNow) }))
  if (told.length === 0) throw new UserError('no relay answers', EXIT.unavailable)
  return { ...judgeRequests(told, secrets, await deviceKeys(fleet, files.secrets)), desks, code }
}

/** What `--fingerprint` says. @throws UserError for what is none: a slip of the pen is no attack */
export function givenFingerprint({ fingerprint }: CommandInput['values']): string | undefined {
  if (fingerprint === undefined) return undefined
  const text = String(fingerprint)
  return /^SHA256:[A-Za-z0-9+/]{43}$/.test(text)
    ? text
    : usageError('give --fingerprint as oobm-enrol.txt has it: SHA256: and 43 characters')
}

/** @throws UserError where there is none, or more than one */
export function oneBoard({ boards }: Found, serial: string, fingerprint: string | undefined): WaitingBoard {
  const found = boardsOf(boards, serial, fingerprint)
  const [board, second] = found
  if (board !== undefined && second === undefined) return board
  if (board !== undefined) {
    const list = found.map(one => `  ${one.fingerprint}`).join('\n')
    const message = `${found.length} requests have the serial number ${serial}; --fingerprint says which one is in oobm-enrol.txt on the card:\n${list}`
    throw new UserError(message, EXIT.usage)
  }
  const others = boardsOf(boards, serial).map(one => one.fingerprint)
  if (others.length > 0) {
    const message = `no request of ${serial} has this fingerprint; there is ${others.join(' and ')}. If oobm-enrol.txt on its card says otherwise, somebody on the way put other keys in: accept nothing, and look at the relay`
    throw new UserError(message, EXIT.failed)
  }
  throw new UserError(
    `no board with the serial number ${serial} waits; "oobm-relay pending" lists those that do`,
    EXIT.failed,
  )
}

/** The last day counts whole, wherever the relay is. */
export function isOver({ until }: Pick<Enrolment, 'until'>): boolean {
  return systemClock.wallMs() > Date.parse(`${until}T23:59:59Z`) + 12 * 3_600_000
}

/** The relay key of each device that has one → its name. */
async function deviceKeys({ devices }: Fleet, secrets: string): Promise<Map<string, string>> {
  const folders = new Set(await readdir(secrets).catch(() => []))
  const keys = new Map<string, string>()
  for (const { name } of devices.filter(one => folders.has(one.name))) {
    const key = await readPublicKey(secrets, name, 'relayKey').catch(() => undefined)
    if (key !== undefined) keys.set(key, name)
  }
  return keys
}

function relaysNamed({ relays }: Fleet, name: unknown, file: string): Relay[] {
  const found = name === undefined ? relays : relays.filter(relay => relay.name === name)
  if (found.length > 0) return found
  const known = relays.map(relay => relay.name).join(', ')
  throw new UserError(`"${String(name)}" is not a relay in ${file}; known: ${known}`, EXIT.usage)
}
