/** Joins this program's input and output to a relay, by the first way that leads there: a ProxyCommand of ssh. */
import type { Duplex, Readable, Writable } from 'node:stream'
import { EXIT, UserError } from '../../../runtime/errors.ts'
import { whenAborted, within } from '../../../runtime/waiting.ts'
import { createDialler } from '../../../transport/dial.ts'
import { getsThrough } from '../../../transport/gets-through.ts'
import type { HttpProxy, Rung, Way } from '../../../transport/way.ts'
import { ADMIN_SERVICE } from '../../fleet/fleet-schema.ts'
import { CERTIFICATE_NAME } from '../../fleet/host-names.ts'

export interface ReachOptions {
  host: string
  port: number
  /** The ways that are tried, in this order. */
  rungs: readonly Rung[]
  /** Whether the relay speaks TLS. */
  hasTls: boolean
  /** The port of the relay where TLS leads to the host's own sshd, which `port` is; undefined where TLS is on `port` itself. */
  adminBy?: number | undefined
  proxy: HttpProxy | undefined
  input: Readable
  output: Writable
  /** Says by which way it went, where that is not the direct one. */
  tell(text: string): void
  signal: AbortSignal
}

/** Milliseconds for one way, up to the greeting of the relay's SSH server. */
export const WAY_MS = 3_000
/** Milliseconds for the client's own greeting: OpenSSH sends it at once. */
const HELLO_MS = 1_000
/** Characters of a greeting with its line end (RFC 4253, section 4.2). */
const HELLO_MAX = 255
/** Milliseconds in which the relay may say its last, once the client has ended. */
const LAST_MS = 2_000

/** @throws UserError with exit code 69 and a line for each way, when none leads there */
export async function reachRelay(options: ReachOptions): Promise<number> {
  const { host, port, rungs, hasTls, adminBy, proxy, input, tell, signal } = options
  const service = adminBy === undefined ? undefined : ADMIN_SERVICE
  const { dial } = createDialler({ proxyFor: () => proxy, tlsBehindProxy: hasTls, service })
  // HAProxy, and firewalls, wait for it: each way begins with it.
  const { hello, rest } = await readHello(input, signal)
  const causes: string[] = []
  for (const rung of rungs) {
    if (rung === 'proxy' && proxy === undefined) {
      causes.push(`${nameOf(rung)}: none is set (https_proxy in the environment, or --proxy-file)`)
      continue
    }
    if (signal.aborted) return EXIT.failed
    const to = { host, port: rung === 'direct' ? port : (adminBy ?? port) }
    const dialled = await dial({ ...to, via: { rung }, timeoutMs: WAY_MS, hello, signal })
    if (signal.aborted) return EXIT.failed
    if (dialled.ok) {
      const { stream, via } = dialled.transport
      if (rung === 'direct' && hello !== '') {
        const through = await within(WAY_MS, [signal], deadline => getsThrough(stream, deadline))
        if (through.kind !== 'done' || !through.value) {
          stream.destroy()
          causes.push(`${nameOf(rung)}: ${brokenAt(host, port)}`)
          continue
        }
      }
      if (rung !== 'direct') tell(`${host}:${port} is reached ${describeWay(via, hasTls)}`)
      return join(stream, rest, options)
    }
    causes.push(`${nameOf(rung)}: ${dialled.failure.cause}`)
  }
  const lines = causes.map(cause => `\n  ${cause}`).join('')
  throw new UserError(
    `no ${rungs.includes('direct') ? '' : 'other '}way leads to ${host}:${port}:${lines}`,
    EXIT.unavailable,
  )
}

/** Of a relay that greets, and whose connection breaks then. */
export function brokenAt(host: string, port: number): string {
  return `${host}:${port} greets, and then the connection breaks: this network may not let SSH through`
}

function nameOf(rung: Rung): string {
  return { direct: 'directly', tls: 'within TLS', proxy: 'through an HTTP proxy' }[rung]
}

function describeWay({ proxy, certificate }: Way, hasTls: boolean): string {
  const parts = [...(proxy ? [`through the HTTP proxy ${proxy}`] : []), ...(hasTls ? ['within TLS'] : [])]
  // A relay's certificate is one that `oobm-relay apply` has made.
  if (certificate === undefined || certificate.issuer === CERTIFICATE_NAME) return parts.join(', ')
  const issuer = certificate.issuer || 'somebody without a name'
  return `${parts.join(', ')}; this network opens TLS, with a certificate of ${issuer}: only the SSH within is private`
}

async function readHello(input: Readable, signal: AbortSignal): Promise<{ hello: string; rest: Buffer }> {
  let bytes = Buffer.alloc(0)
  const over = new AbortController()
  const timer = setTimeout(() => over.abort(), HELLO_MS)
  const hear = (part: Buffer) => {
    bytes = Buffer.concat([bytes, part])
    if (bytes.includes('\n') || bytes.length > HELLO_MAX) over.abort()
  }
  const end = () => over.abort()
  input.on('data', hear).once('end', end)
  await whenAborted(over.signal, signal)
  clearTimeout(timer)
  input.off('data', hear).off('end', end).pause()
  const length = bytes.indexOf('\n') + 1
  return { hello: bytes.subarray(0, length).toString('latin1'), rest: bytes.subarray(length) }
}

/** Ends with the connection. */
async function join(stream: Duplex, rest: Buffer, { input, output, signal }: ReachOptions): Promise<number> {
  const end = () => stream.destroy()
  let lastWords: NodeJS.Timeout | undefined
  const closed = new Promise(resolve => {
    stream.once('close', resolve)
    stream.once('end', resolve)
    if (stream.destroyed) resolve(undefined)
  })
  signal.addEventListener('abort', end)
  if (signal.aborted) end()
  output.once('error', end)
  if (rest.length > 0) stream.write(rest)
  stream.pipe(output, { end: false })
  input.once('end', () => {
    lastWords = setTimeout(end, LAST_MS)
  })
  input.pipe(stream)
  await closed
  signal.removeEventListener('abort', end)
  clearTimeout(lastWords)
  input.unpipe(stream).pause()
  stream.destroy()
  return EXIT.ok
}
