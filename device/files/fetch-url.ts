/** Gets a file for the read directory from an address: continued where a connection was lost, bounded in time and size. */
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { constants, open, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { request as httpRequest, type IncomingMessage } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { join } from 'node:path'
import type { Clock } from '../../runtime/clock.ts'
import { EXIT, errorMessage, UserError } from '../../runtime/errors.ts'
import { printable } from '../../runtime/printable.ts'
import { within } from '../../runtime/waiting.ts'
import { syncDirectory } from '../../runtime/write-atomically.ts'
import { checkPlace, checkRoom, inWords, type PutPlace } from './put-file.ts'

export interface FetchOptions {
  url: URL
  place: PutPlace
  /** Hex, lower case. */
  sha256: string | undefined
  clock: Clock
  signal: AbortSignal
  onBytes(done: number, size: number | undefined): void
  onRetry(why: string): void
}

/** Milliseconds for all of it: 1 GB at 250 kbit/s. */
const TOTAL_MS = 10 * 3_600_000
/** Milliseconds without a byte. */
const STALL_MS = 60_000
const PAUSE_MS = 5_000
/** Lost connections in a row without a byte that was new. */
const TRIES = 5
const REDIRECTS_MAX = 5

/** What a server answered that no other try changes. */
class Refusal extends UserError {}

/** What is left of an unfinished one, by its address, in the read directory: the next try goes on from there. */
export function partNames(url: URL): { part: string; tag: string } {
  const id = createHash('sha256').update(url.href).digest('hex').slice(0, 16)
  return { part: `.url-${id}.part`, tag: `.url-${id}.tag` }
}

/** @returns its size @throws UserError */
export async function fetchUrl(options: FetchOptions): Promise<number> {
  const { url, place, sha256, clock, signal, onRetry } = options
  if (!['https:', 'http:'].includes(url.protocol))
    throw new UserError(`${url.protocol}// is no address that can be fetched: use https`, EXIT.usage)
  if (url.protocol === 'http:' && sha256 === undefined)
    throw new UserError('over http anybody on the way can change the file: use https, or --sha256 HEX', EXIT.usage)
  await checkPlace(place)
  const names = partNames(url)
  const part = join(place.folder, names.part)
  const tag = join(place.folder, names.tag)
  try {
    const outcome = await within(
      TOTAL_MS,
      [signal],
      async deadline => {
        for (let failures = 0; ; ) {
          const before = await sizeOf(part)
          try {
            return await getRest(options, part, tag, deadline)
          } catch (err) {
            if (err instanceof UserError || deadline.aborted || errorIsLocal(err)) throw err
            failures = (await sizeOf(part)) > before ? 1 : failures + 1
            const why = printable(errorMessage(err))
            if (failures >= TRIES)
              throw new UserError(
                `${url.host}: ${why}; what has come is kept: the same command goes on from there`,
                EXIT.unavailable,
                { cause: err },
              )
            onRetry(why)
            await clock.sleep(PAUSE_MS, deadline)
          }
        }
      },
      { clock },
    )
    if (outcome.kind === 'aborted')
      throw new UserError('interrupted: what has come is kept; the same command goes on from there')
    if (outcome.kind === 'timeout')
      throw new UserError(
        `it did not come within ${TOTAL_MS / 3_600_000} h; the same command goes on from there`,
        EXIT.unavailable,
      )
    await checkSum(part, sha256, () => Promise.all([part, tag].map(path => rm(path, { force: true }))))
    const file = await open(part, constants.O_RDWR | constants.O_NOFOLLOW)
    try {
      await file.chmod(0o644)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(part, join(place.folder, place.name))
    await rm(tag, { force: true })
    await syncDirectory(place.folder)
    return outcome.value
  } catch (err) {
    throw inWords(err, place.folder)
  }
}

async function getRest(
  { url, place, sha256, onBytes }: FetchOptions,
  part: string,
  tag: string,
  signal: AbortSignal,
): Promise<number> {
  const validator = (await readFile(tag, 'utf8').catch(() => '')).trim()
  // Without a sum and without a word of the server, the rest could be another file's.
  const have = sha256 !== undefined || validator !== '' ? await sizeOf(part) : 0
  const headers = have > 0 ? { range: `bytes=${have}-`, ...(validator !== '' && { 'if-range': validator }) } : {}
  const response = await follow(url, headers, sha256 !== undefined, signal)
  try {
    const { statusCode = 0 } = response
    const total = /^bytes (?:\d+-\d+|\*)\/(\d+)$/.exec(response.headers['content-range'] ?? '')?.[1]
    if (statusCode === 416 && total !== undefined && Number(total) === have) return have
    if (statusCode !== 200 && statusCode !== 206) {
      if (statusCode === 416) await rm(part, { force: true })
      if (statusCode >= 500 || statusCode === 416 || statusCode === 429)
        throw new Error(`the server answers ${statusCode}`)
      throw new Refusal(`${url.host} answers ${statusCode} ${printable(response.statusMessage ?? '', 60)}`)
    }
    const start = statusCode === 206 ? have : 0
    const length = response.headers['content-length']
    const size = length === undefined ? undefined : start + Number(length)
    if (size !== undefined)
      await checkRoom(place.folder, size - start - (start === 0 ? await sizeOf(part) : 0), place.name)
    const { O_CREAT, O_NOFOLLOW, O_RDWR } = constants
    const file = await open(part, O_RDWR | O_CREAT | O_NOFOLLOW, 0o600)
    let done = start
    try {
      await file.truncate(start)
      const mark = strongTag(response) ?? response.headers['last-modified'] ?? ''
      await writeFile(tag, `${mark}\n`, { mode: 0o600 })
      for await (const chunk of response as AsyncIterable<Buffer>) {
        for (let at = 0; at < chunk.length; ) {
          const { bytesWritten } = await file.write(chunk, at, chunk.length - at, done)
          at += bytesWritten
          done += bytesWritten
        }
        onBytes(done, size)
      }
    } finally {
      await file.close()
    }
    if (!response.complete || (size !== undefined && done !== size)) throw new Error('the connection was lost')
    return done
  } finally {
    response.destroy()
  }
}

/** RFC 9110, section 8.8.1: a weak one does not say that every byte is the same. */
function strongTag({ headers }: IncomingMessage): string | undefined {
  return headers.etag?.startsWith('"') ? headers.etag : undefined
}

async function follow(
  first: URL,
  headers: Record<string, string>,
  mayBeHttp: boolean,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  let url = first
  for (let redirects = 0; redirects <= REDIRECTS_MAX; redirects++) {
    const response = await ask(url, headers, signal)
    const { location } = response.headers
    if (![301, 302, 303, 307, 308].includes(response.statusCode ?? 0) || location === undefined) return response
    response.destroy()
    if (!URL.canParse(location, url.href)) throw new Refusal(`${url.host} redirects to no address`)
    url = new URL(location, url)
    if (url.protocol !== 'https:' && !(mayBeHttp && url.protocol === 'http:'))
      throw new Refusal(`it is redirected to ${url.protocol}//, which is refused without --sha256`)
  }
  throw new Refusal(`${first.host} redirects more than ${REDIRECTS_MAX} times`)
}

function ask(url: URL, headers: Record<string, string>, signal: AbortSignal): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const request = (url.protocol === 'https:' ? httpsRequest : httpRequest)(
      url,
      { signal, headers: { ...headers, 'accept-encoding': 'identity', 'user-agent': 'oobm' } },
      resolve,
    )
    request.setTimeout(STALL_MS, () => request.destroy(new Error(`nothing came for ${STALL_MS / 1_000} s`)))
    request.on('error', reject)
    request.end()
  })
}

async function checkSum(part: string, wanted: string | undefined, forget: () => Promise<unknown>): Promise<void> {
  if (wanted === undefined) return
  const hash = createHash('sha256')
  for await (const chunk of createReadStream(part)) hash.update(chunk)
  const found = hash.digest('hex')
  if (found === wanted) return
  await forget()
  throw new UserError(`the file is another one: its SHA-256 is ${found}; nothing was put`)
}

function errorIsLocal(err: unknown): boolean {
  return ['ENOSPC', 'EACCES', 'EPERM', 'EROFS', 'EDQUOT'].includes((err as NodeJS.ErrnoException).code ?? '')
}

async function sizeOf(path: string): Promise<number> {
  return stat(path).then(
    ({ size }) => size,
    () => 0,
  )
}

/** What it is called where nobody says: the last part of its path. */
export function nameOfUrl(url: URL): string {
  try {
    return decodeURIComponent(url.pathname.split('/').at(-1) ?? '')
  } catch {
    return ''
  }
}
