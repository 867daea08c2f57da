/** Joins this program's input and output to the device, at the first relay behind which it answers: a ProxyCommand of ssh. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Readable, Writable } from 'node:stream'
import { EXIT, UserError } from '../../../runtime/errors.ts'
import { OVER } from '../../../runtime/waiting.ts'
import { relayNamed } from '../../fleet/host-names.ts'
import { findDevice, type Stage } from './find-device.ts'
import { type HostSettings, lookUpHost, type SshConfig } from './look-up-host.ts'
import { openWay, type SshWay } from './open-way.ts'
import { directProblem, httpProxyFor, thisProgram } from './other-ways.ts'

export interface JoinOptions {
  /** The hosts of the relays in the ssh_config, the preferred one first. */
  relayHosts: readonly string[]
  /** `HOST:PORT` of the device, as the relays see it. */
  target: string
  sshConfig: SshConfig
  /** Those of the relays that speak TLS. */
  tlsHosts: readonly string[]
  input: Readable
  output: Writable
  /** Tells a person of a relay that is left out. */
  tell(text: string): void
  signal: AbortSignal
}

/** Milliseconds for the device's greeting: where it can be at no other relay, a slow line has time. */
const GREETING_MS = { several: 3_000, one: 30_000 }
/** Milliseconds in which the device may say its last, once the other side has ended. */
const LAST_MS = 2_000

/**
 * Ends with the connection, or when the other side goes; no ssh of ours is left then.
 * @throws UserError with exit code 69 and a line for each relay, when the device answers at none
 */
export async function joinDevice(options: JoinOptions): Promise<number> {
  const { relayHosts, target, sshConfig, tlsHosts, input, tell, signal } = options
  const gone = new AbortController()
  const over = AbortSignal.any([signal, gone.signal])
  // The other side sends its own greeting, and waits. Its end is seen only by reading on.
  const early: Buffer[] = []
  const keep = (bytes: Buffer) => early.push(bytes)
  const leave = () => gone.abort(OVER)
  input.on('data', keep).once('end', leave)
  const folder = await mkdtemp(join(tmpdir(), 'oobm-proxy-'))
  let attempts = 0
  try {
    const open = async (host: string, { by, connectS }: Stage) => {
      const settings = await lookUpHost(host, sshConfig)
      const other = by === 'other' ? await otherWayTo(settings, tlsHosts.includes(host), over) : undefined
      if (by === 'other' && other === undefined) return undefined
      const mark = join(folder, String(attempts++))
      const greetingMs = relayHosts.length > 1 ? GREETING_MS.several : GREETING_MS.one
      return openWay({ relay: relayNamed(host), host, target, mark, connectS, greetingMs, other, ...settings })
    }
    const hasOtherWays = tlsHosts.length > 0 || httpProxyFor('') !== undefined
    const { found, tried } = await findDevice(relayHosts, open, way => tell(lineOf(way)), {
      signal: over,
      hasOtherWays,
    })
    if (over.aborted) return EXIT.failed
    if (found === undefined) throw notFound(tried)
    input.off('data', keep).off('end', leave)
    return await splice(found, early, options)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** Undefined where there is none, or where it is of no use. */
async function otherWayTo({ hostName, port, isPlain, isShared }: HostSettings, hasTls: boolean, signal: AbortSignal) {
  if (!isPlain || isShared || (!hasTls && httpProxyFor(hostName) === undefined)) return undefined
  const problem = await directProblem(hostName, port, signal)
  if (problem === undefined) return undefined
  return { proxyCommand: `${thisProgram('reach')} --after-direct ${hasTls ? '--tls ' : ''}%h %p`, problem }
}

function lineOf(way: SshWay): string {
  return `relay ${way.relay}: ${way.problem()}`
}

function notFound(tried: readonly SshWay[]): UserError {
  const lines = tried.map(way => `  ${lineOf(way)}\n`).join('')
  const advice = 'ssh to a relay itself, such as "ssh oobm-relay-NAME", says what it knows of the device'
  return new UserError(`the device answers at none of its relays:\n${lines}${advice}`, EXIT.unavailable)
}

async function splice(
  { child, received, close }: SshWay,
  early: readonly Buffer[],
  { input, output, signal }: JoinOptions,
): Promise<number> {
  const end = () => child.kill()
  let lastWords: NodeJS.Timeout | undefined
  const closed = new Promise(resolve => child.once('close', resolve))
  signal.addEventListener('abort', end)
  if (signal.aborted) end()
  try {
    output.once('error', end)
    output.write(received())
    child.stdout.pipe(output, { end: false })
    for (const bytes of early) child.stdin.write(bytes)
    input.once('end', () => {
      lastWords = setTimeout(end, LAST_MS)
    })
    input.pipe(child.stdin)
    await closed
    return child.exitCode === 0 ? EXIT.ok : EXIT.unavailable
  } finally {
    signal.removeEventListener('abort', end)
    clearTimeout(lastWords)
    input.unpipe(child.stdin).pause()
    await close()
  }
}
