/** What new boards have sent to a relay, as oobm-enrol-command keeps it: a folder for each enrolment. Nothing of it is judged here. */
import { open, readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import * as z from 'zod'
import { REQUEST_MAX_BYTES } from '../../../formats/enrolment.ts'
import { nameSchema } from '../../../formats/names.ts'
import { EXIT, errorCode, UserError } from '../../../runtime/errors.ts'
import { writeAtomically } from '../../../runtime/write-atomically.ts'
import type { StatePaths } from '../state/state-paths.ts'

const ID = /^[0-9a-f]{64}$/

/** One request, as a line of JSON goes to the operator's seat. */
export const relayRequestSchema = z.object({
  site: nameSchema,
  id: z.string().regex(ID),
  /** Milliseconds since 1970 by the relay's clock, when it came last. */
  atMs: z.number().min(0).max(8.64e15),
  rejected: z.boolean(),
  /** Of the enrolment when it came: the public key in base64. An older relay does not say it. */
  key: z.string().max(100).optional(),
  text: z.string().max(REQUEST_MAX_BYTES),
})

export type RelayRequest = z.output<typeof relayRequestSchema>

/** Requests that a relay tells of at the most: what has more is not made by oobm-enrol-command. */
export const REQUESTS_MAX = 2_000

export async function readRequests({ enrolments }: StatePaths): Promise<RelayRequest[]> {
  const found: RelayRequest[] = []
  // One of each site in turn: the folder of an enrolment that was closed stays, and is not to hide those of the others.
  let turn = (await namesIn(enrolments)).map(site => requestsOf(enrolments, site))
  while (turn.length > 0) {
    const next: typeof turn = []
    for (const requests of turn) {
      const { value, done } = await requests.next()
      if (done) continue
      found.push(value)
      if (found.length >= REQUESTS_MAX) return bySite(found)
      next.push(requests)
    }
    turn = next
  }
  return bySite(found)
}

async function* requestsOf(enrolments: string, site: string): AsyncGenerator<RelayRequest, void> {
  if (!nameSchema.safeParse(site).success) return
  const names = new Set(await namesIn(join(enrolments, site)))
  const key = (await readKept(join(enrolments, site, 'key')))?.text.trim().slice(0, 100)
  for (const name of names) {
    const [, id] = /^([0-9a-f]{64})\.request$/.exec(name) ?? []
    const kept = id === undefined ? undefined : await readKept(join(enrolments, site, name))
    if (id !== undefined && kept !== undefined) yield { site, id, rejected: names.has(`${id}.rejected`), key, ...kept }
  }
}

function bySite(requests: RelayRequest[]): RelayRequest[] {
  return requests.sort((a, b) => (a.site < b.site ? -1 : a.site > b.site ? 1 : 0))
}

/** From then on the board is told so. @throws UserError for one that is not here */
export async function rejectRequest({ enrolments }: StatePaths, site: string, id: string): Promise<void> {
  if (!nameSchema.safeParse(site).success || !ID.test(id))
    throw new UserError('this is not a request of a board', EXIT.usage)
  const path = join(enrolments, site, id)
  if (!(await stat(`${path}.request`).catch(() => undefined)))
    throw new UserError(`there is no such request of ${site} here`, EXIT.failed)
  await writeAtomically(`${path}.rejected`, '', 0o644)
}

/** A regular file, and no more of it than a request has. */
async function readKept(path: string): Promise<{ atMs: number; text: string } | undefined> {
  const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = await import('node:fs').then(({ constants }) => constants)
  const file = await open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK).catch(() => undefined)
  if (file === undefined) return undefined
  try {
    const { mtimeMs, size } = await file.stat()
    if (!(await file.stat()).isFile() || size > REQUEST_MAX_BYTES) return undefined
    return { atMs: Math.round(mtimeMs), text: (await file.readFile('latin1')).slice(0, REQUEST_MAX_BYTES) }
  } finally {
    await file.close()
  }
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return (await readdir(folder)).sort()
  } catch (err) {
    if (errorCode(err) === 'ENOENT' || errorCode(err) === 'ENOTDIR') return []
    throw err
  }
}
