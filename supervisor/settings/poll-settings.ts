/** Polls an address for settings documents, and hands each new one to `oobm-apply`. The supervisor itself changes no setting. */
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as z from 'zod'
import { type PollStatus, pollStatusPath, type SettingsPoll } from '../../formats/settings-poll.ts'
import { heartbeatNow } from '../../runtime/boot-clock.ts'
import type { Clock } from '../../runtime/clock.ts'
import type { Logger } from '../../runtime/log.ts'
import { writeAtomically } from '../../runtime/write-atomically.ts'
import type { getDocument } from './get-document.ts'
import type { Inbox } from './settings-delivery.ts'

/** Milliseconds until the first look at the most: a fleet whose power comes back does not ask in one second. */
const FIRST_MS = 60_000
/** Milliseconds after which a look that failed is repeated at the latest. */
const RETRY_MS = 900_000
/** Part of the interval by which it varies to each side. */
const JITTER = 0.1

export interface PollOptions {
  poll: SettingsPoll
  directories: { runtime: string; state: string }
  inbox: Pick<Inbox, 'put'>
  get: typeof getDocument
  clock: Clock
  random(): number
  signal: AbortSignal
  log: Logger
}

/** What was handed over last: the same is not handed over again, also after a restart. */
const knownSchema = z.object({ url: z.string(), digest: z.string(), etag: z.string().optional() })
type Known = z.output<typeof knownSchema>

/** Runs until aborted. */
export async function pollSettings(options: PollOptions): Promise<void> {
  const { poll, directories, clock, random, signal, log } = options
  let known = await readKnown(join(directories.state, 'settings-polled.json'), poll.url)
  let waitMs = random() * FIRST_MS
  let told = ''
  for (;;) {
    await clock.sleep(waitMs, signal)
    if (signal.aborted) return
    const look = await lookOnce(options, known)
    if (signal.aborted) return
    known = look.known
    const { result, cause } = look
    if (result === 'new' || `${result} ${cause}` !== told)
      log.info({ url: poll.url, result, cause }, 'polled for settings')
    told = `${result} ${cause}`
    const status: PollStatus = { version: 1, url: poll.url, at: heartbeatNow(), result, cause }
    await writeAtomically(pollStatusPath(directories.runtime), JSON.stringify(status), 0o644)
    const intervalMs = poll.intervalS * 1_000
    waitMs = (result === 'failed' ? Math.min(intervalMs, RETRY_MS) : intervalMs) * (1 - JITTER + 2 * JITTER * random())
  }
}

async function lookOnce(
  { poll: { url }, directories, inbox, get, clock, signal }: PollOptions,
  known: Known | undefined,
): Promise<Pick<PollStatus, 'result' | 'cause'> & { known: Known | undefined }> {
  const got = await get(url, { etag: known?.etag, clock, signal })
  if (got.kind === 'failed') return { result: 'failed', cause: got.cause, known }
  if (got.kind === 'unchanged') return { result: 'unchanged', cause: '', known }
  const digest = createHash('sha256').update(got.bytes).digest('hex')
  const next = { url, digest, ...(got.etag !== undefined && { etag: got.etag }) }
  if (digest === known?.digest) return { result: 'unchanged', cause: '', known: next }
  const refusal = await inbox.put(digest, got.bytes, 'address')
  if (refusal !== undefined) return { result: 'failed', cause: refusal, known }
  await writeAtomically(join(directories.state, 'settings-polled.json'), JSON.stringify(next), 0o600)
  return { result: 'new', cause: '', known: next }
}

async function readKnown(path: string, url: string): Promise<Known | undefined> {
  try {
    const known = knownSchema.parse(JSON.parse(await readFile(path, 'utf8')))
    return known.url === url ? known : undefined
  } catch {
    return undefined
  }
}
