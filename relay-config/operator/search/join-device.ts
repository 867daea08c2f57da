/** Joins this program's input and output to the device, at the first relay behind which it answers: a ProxyCommand of ssh. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Readable, Writable } from 'node:stream'
import { EXIT, UserError } from '../../../runtime/errors.ts'
import { OVER } from '../../../runtime/waiting.ts'
import { relayNamed } from '../../fleet/host-names.ts'
import { findDevice } from './find-device.ts'
import { lookUpHost, type SshConfig } from './look-up-host.ts'
import { openWay, type SshWay } from './open-way.ts'

export interface JoinOptions {
  /** The hosts of the relays in the ssh_config, the preferred one first. */
  relayHosts: readonly string[]
  /** `HOST:PORT` of the device, as the relays see it. */
  target: string
  sshConfig: SshConfig
  input: Readable
  output: Writable
  /** Tells a person of a relay that is left out. */
  tell(text: string): void
  signal: AbortSignal
}

/** Milliseconds in which the device may say its last, once the other side has ended. */
const LAST_MS = 2_000

/**
 * Ends with the connection, or when the other side goes; no ssh of ours is left then.
 * @throws UserError with exit code 69 and a line for each relay, when the device answers at none
 */
export async function joinDevice(options: JoinOptions): Promise<number> {
  const { relayHosts, target, sshConfig, input, tell, signal } = options
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
    const open = async (host: string, connectS: number | undefined) => {
      const mark = join(folder, String(attempts++))
      return openWay({ relay: relayNamed(host), host, target, mark, connectS, ...(await lookUpHost(host, sshConfig)) })
    }
    const { found, tried } = await findDevice(relayHosts, open, way => tell(lineOf(way)), over)
    if (over.aborted) return EXIT.failed
    if (found === undefined) throw notFound(tried)
    input.off('data', keep).off('end', leave)
    return await splice(found, early, options)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
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
