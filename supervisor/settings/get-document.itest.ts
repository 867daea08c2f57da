/** Polls real HTTP and HTTPS servers, honest and hostile. */
import { readFile } from 'node:fs/promises'
import { createServer, type RequestListener, type Server } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { readPollStatus } from '../../formats/settings-poll.ts'
import { systemClock as clock } from '../../runtime/clock.ts'
import { silentLog } from '../../runtime/log.ts'
import { runProgram } from '../../testbed/run-program.ts'
import { scratchDirectory } from '../../testbed/scratch.ts'
import { suite, type TestContext } from '../../testbed/suite.ts'
import { getDocument } from './get-document.ts'
import { pollSettings } from './poll-settings.ts'

const test = suite('polled settings')
const DOCUMENT = 'version = 1\n-----BEGIN SSH SIGNATURE-----\nAAAA\n-----END SSH SIGNATURE-----\n'

async function listen(context: TestContext, server: Server): Promise<string> {
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  context.cleanup(() => {
    server.closeAllConnections()
    return new Promise(resolve => server.close(resolve))
  })
  return `127.0.0.1:${(server.address() as AddressInfo).port}`
}

const serve = async (context: TestContext, listener: RequestListener) =>
  `http://${await listen(context, createServer(listener))}`

const get = (url: string, context: TestContext, etag?: string, limitMs?: number) =>
  getDocument(url, { etag, clock, signal: context.signal, ...(limitMs && { limitMs }) })

test('gets a document, and asks with its ETag whether there is another', async context => {
  const url = await serve(context, (request, response) => {
    if (request.headers['if-none-match'] === '"7"') response.writeHead(304).end()
    else response.writeHead(200, { etag: '"7"' }).end(DOCUMENT)
  })
  assert.equal(await get(`${url}/x`, context), { kind: 'document', bytes: Buffer.from(DOCUMENT), etag: '"7"' })
  assert.equal(await get(`${url}/x`, context, '"7"'), { kind: 'unchanged' })
})

test('whoever made the certificate of an HTTPS server, and whatever the clock is, its document arrives', async context => {
  const folder = await scratchDirectory(context)
  const [key, cert] = [join(folder, 'key'), join(folder, 'cert')]
  const subject = ['-subj', '/CN=another.example.net', '-days', '1']
  const made = await runProgram('openssl', [
    ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', key, '-out', cert],
    ...subject,
  ])
  assert.is(made.code, 0, made.stderr)
  const server = createTlsServer({ key: await readFile(key), cert: await readFile(cert) }, (request, response) => {
    if (request.url === '/down') response.writeHead(302, { location: `http://${request.headers.host}/` }).end()
    else response.end(DOCUMENT)
  })
  const url = `https://${await listen(context, server)}`
  assert.is((await get(`${url}/x`, context)).kind, 'document')
  assert.equal(await get(`${url}/down`, context), {
    kind: 'failed',
    cause: 'the server redirects from https to http: refused',
  })
})

test('a hostile server: every answer is bounded, and its cause is said', async context => {
  const flood = Buffer.alloc(65_536, 'x')
  const url = await serve(context, (request, response) => {
    response.on('error', () => {})
    const to = (location: string) => response.writeHead(302, { location }).end()
    const paths: Record<string, () => unknown> = {
      '/endless': () => {
        const more = () => !response.destroyed && response.write(flood, () => setImmediate(more))
        more()
      },
      '/giga': () => response.writeHead(200, { 'content-length': 1_000_000_000 }).write('x'),
      '/short': () => {
        response.writeHead(200, { 'content-length': 1_000 }).write('x', () => response.destroy())
      },
      '/silent': () => {},
      '/slow': () => {
        const timer = setInterval(() => response.write('x'), 20)
        response.on('close', () => clearInterval(timer))
      },
      '/html': () => response.writeHead(200, { 'content-type': 'text/html\t\x9b' }).end('<html>Log in</html>'),
      '/gone': () => response.writeHead(404).end(),
      '/304': () => response.writeHead(304).end(),
      '/loop': () => to('/loop'),
      '/file': () => to('file:///etc/passwd'),
      '/nowhere': () => to('http://['),
      '/loopback': () => to('http://127.0.0.1:9/'),
      '/name': () => to('http://localhost:9/'),
      '/mapped': () => to('http://[::ffff:127.0.0.1]:9/'),
      '/metadata': () => to('http://169.254.169.254/latest/user-data'),
      '/decimal': () => to('http://2852039166/'),
      '/moved': () => to('/document'),
      '/document': () => response.end(DOCUMENT),
    }
    paths[request.url ?? '']?.()
  })
  const cases: [path: string, cause: RegExp][] = [
    ['/endless', /larger than 262144 bytes/],
    ['/giga', /larger than 262144 bytes/],
    ['/short', /cut short/],
    ['/silent', /did not send it within 0\.5 s/],
    ['/slow', /did not send it within 0\.5 s/],
    ['/html', /\(19 bytes, text\/html[^\x9b]*\) is no signed document: another page, or a login page\?/],
    ['/gone', /answers 404/],
    ['/304', /answers 304/],
    ['/loop', /redirects more than 3 times/],
    ['/file', /redirects to file:: refused/],
    ['/nowhere', /redirects to no address/],
    ['/loopback', /127\.0\.0\.1, which is this board.*refused/],
    ['/name', /which is this board.*refused/],
    ['/mapped', /which is this board.*refused/],
    ['/metadata', /169\.254\.169\.254, which is this board.*refused/],
    ['/decimal', /169\.254\.169\.254, which is this board.*refused/],
  ]
  for (const [path, cause] of cases) {
    const isWait = path === '/silent' || path === '/slow'
    const got = await get(url + path, context, undefined, isWait ? 500 : 20_000)
    assert.is(got.kind, 'failed', path)
    assert.match('cause' in got ? got.cause : '', cause, path)
  }
  assert.is((await get(`${url}/moved`, context)).kind, 'document')
  const ended = await serve(context, () => {})
  assert.match(
    JSON.stringify(await getDocument(ended, { etag: undefined, clock, signal: AbortSignal.abort() })),
    'failed',
  )
  assert.match(JSON.stringify(await get('http://localhost.invalid./', context)), /failed.*(ENOTFOUND|EAI_AGAIN)/)
})

test('hands each document over once, also after a restart; a folder that is full is tried again', async context => {
  const folder = await scratchDirectory(context)
  let served = DOCUMENT
  const url = await serve(context, (_, response) => response.end(served))
  const put: string[] = []
  let refusal: string | undefined = 'no space left'
  const inbox = {
    put: async (_: string, bytes: Uint8Array) => {
      if (refusal === undefined) put.push(Buffer.from(bytes).toString())
      return refusal
    },
  }
  /** One run of the supervisor with so many looks; what each of them left for people. */
  const run = async (looks: number) => {
    const over = new AbortController()
    const waits: number[] = []
    const results: string[] = []
    const fast = {
      ...clock,
      sleep: async (ms: number, signal: AbortSignal) => {
        // The deadline of a look is the real one.
        if (ms === 180_000) return clock.sleep(ms, signal)
        if (waits.length > 0) {
          const { result, cause } = (await readPollStatus(folder)) ?? {}
          results.push(`${result} ${cause}`.trim())
        }
        waits.push(ms)
        if (waits.length > looks) over.abort()
      },
    }
    const directories = { runtime: folder, state: folder }
    const poll = { url: `${url}/x`, intervalS: 3_600 }
    const signal = over.signal
    await pollSettings({
      poll,
      directories,
      inbox,
      get: getDocument,
      clock: fast,
      random: () => 0.5,
      signal,
      log: silentLog,
    })
    return { waits, results }
  }
  assert.equal(await run(1), { waits: [30_000, 900_000], results: ['failed no space left'] })
  refusal = undefined
  assert.equal(await run(2), { waits: [30_000, 3_600_000, 3_600_000], results: ['new', 'unchanged'] })
  assert.equal((await run(1)).results, ['unchanged'])
  served = `# another\n${DOCUMENT}`
  assert.equal((await run(1)).results, ['new'])
  assert.equal(put, [DOCUMENT, served])
})

test.run()
