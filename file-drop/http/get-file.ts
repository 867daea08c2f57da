/** GET and HEAD: a file, a part of it, or the page of a folder. */
import { lstat, readdir, realpath, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { UPLOAD_NAME } from '../../formats/file-drop.ts'
import { errorMessage } from '../../runtime/errors.ts'
import { type Opened, openServed } from '../served/open-served.ts'
import { byteRange } from './byte-range.ts'
import { type Exchange, refuse } from './exchange.ts'
import { type Entry, listingPage } from './listing.ts'

export async function getFile(exchange: Exchange): Promise<void> {
  const { read, path, response } = exchange
  const opened = await openServed(read, path)
  if (opened.kind === 'refused') return refuse(exchange, opened.isDenied ? 403 : 404, opened.why)
  if (opened.kind === 'file') return sendFile(exchange, opened)
  if (!path.endsWith('/')) {
    // Its last name alone: a whole path that began with // would lead to another host.
    const last = encodeURIComponent(opened.name.split('/').at(-1) ?? '')
    response.writeHead(301, { Location: last === '' ? './' : `./${last}/`, 'Content-Length': 0 })
    return void response.end()
  }
  sendText(exchange, listingPage(opened.name, await entriesOf(read, opened.path, opened.name === '')))
}

async function sendFile(exchange: Exchange, opened: Opened & { kind: 'file' }): Promise<void> {
  const { request, response, transfers, who, signal } = exchange
  const { handle, name, size, mtimeMs } = opened
  try {
    const tag = `"${size.toString(16)}-${Math.floor(mtimeMs).toString(16)}"`
    const headers = {
      ETag: tag,
      'Last-Modified': new Date(mtimeMs).toUTCString(),
      'Accept-Ranges': 'bytes',
      'Content-Type': 'application/octet-stream',
    }
    if (request.headers['if-none-match'] === tag) {
      response.writeHead(304, headers).end()
      return
    }
    const condition = request.headers['if-range']
    const isSame = condition === undefined || condition === tag || condition === headers['Last-Modified']
    const range = byteRange(isSame ? request.headers.range : undefined, size)
    if (range.kind === 'outside') {
      response.setHeader('Content-Range', `bytes */${size}`)
      return refuse(exchange, 416, `the file has ${size} bytes`)
    }
    const { start, end } = range.kind === 'part' ? range : { start: 0, end: size - 1 }
    const length = end - start + 1
    response.writeHead(range.kind === 'part' ? 206 : 200, {
      ...headers,
      'Content-Length': length,
      ...(range.kind === 'part' && { 'Content-Range': `bytes ${start}-${end}/${size}` }),
    })
    if (request.method === 'HEAD') return void response.end()
    const transfer = transfers.begin({ how: 'http', who, file: name, what: 'took', bytes: 0, size: length })
    try {
      if (length === 0) response.end()
      else {
        const source = handle.createReadStream({ start, end, autoClose: false, signal })
        source.on('data', chunk => transfer.add(chunk.length))
        await pipeline(source, response)
      }
      transfer.end({ whole: true })
    } catch (err) {
      transfer.end({ whole: false, why: signal.aborted ? 'the service ended' : reason(err) })
      response.destroy()
    }
  } finally {
    await handle.close()
  }
}

function reason(err: unknown): string {
  return (err as NodeJS.ErrnoException).code === 'ERR_STREAM_PREMATURE_CLOSE'
    ? 'the client went away'
    : errorMessage(err)
}

function sendText({ request, response }: Exchange, html: string): void {
  response.writeHead(200, { 'Content-Type': 'text/html; charset=utf-8', 'Content-Length': Buffer.byteLength(html) })
  response.end(request.method === 'HEAD' ? '' : html)
}

/** What everybody may read, by name; neither hidden names nor the uploads. */
async function entriesOf(root: string, folder: string, isRoot: boolean): Promise<Entry[]> {
  const names = (await readdir(folder)).filter(name => !name.startsWith('.') && !name.includes('\uFFFD'))
  const entries: Entry[] = []
  for (const name of names.sort()) {
    if (isRoot && name === UPLOAD_NAME) continue
    const facts = await factsOf(root, join(folder, name)).catch(() => undefined)
    if (facts === undefined || (facts.mode & 0o004) === 0 || !(facts.isFile() || facts.isDirectory())) continue
    entries.push({ name, isFolder: facts.isDirectory(), size: facts.size, mtimeMs: facts.mtimeMs })
  }
  return entries
}

/** Undefined for a link that leads out. */
async function factsOf(root: string, path: string) {
  const facts = await lstat(path)
  if (!facts.isSymbolicLink()) return facts
  return (await realpath(path)).startsWith(`${await realpath(root)}/`) ? stat(path) : undefined
}
