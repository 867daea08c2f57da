/** The loopback self-test: a fresh connection to the relay, back into this device, and a file that must appear. */
import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { connect } from 'node:net'
import type { Duplex } from 'node:stream'
import type { Client } from 'ssh2'
import type { DeviceConfig, RelayConfig } from '../../runtime/device-config.ts'
import { listenersOf } from '../../runtime/device-config.ts'
import { errorMessage } from '../../runtime/errors.ts'
import { type Credentials, openConnection } from '../tunnel/open-connection.ts'
import { discard, openListener } from './probe.ts'
import type { SelftestKey } from './selftest-key.ts'
import { loginCreatesMarker, showsHostKey } from './ssh-behind.ts'

export interface Step {
  name: 'relay' | 'shell listener' | 'shell login' | 'console listener' | 'console host key'
  ok: boolean
  /** What was found, as a sentence part. */
  detail: string
  tookMs: number
}

export interface SelfTestResult {
  ok: boolean
  steps: Step[]
  /** What is wrong, in one sentence; empty when nothing is. */
  cause: string
  /** True when the same test without the relay fails too: reconnecting would not help, and would cut who is in. */
  local: boolean
}

export interface SelfTestOptions {
  config: DeviceConfig
  relay: RelayConfig
  credentials: Credentials
  key: SelftestKey
  /** Identification of the inner connections, so that they do not count as sessions. */
  ident: string
  nowMs(): number
  /** Aborted at the deadline. */
  signal: AbortSignal
}

/** Runs every step that can be run; never rejects for what a network, a relay or an sshd can do. */
export async function selfTest(options: SelfTestOptions): Promise<SelfTestResult> {
  const { config, relay, credentials, nowMs, signal } = options
  const steps: Step[] = []
  const startedMs = nowMs()
  const opened = await openConnection({ relay, credentials, signal, ident: 'oobm_selftest' })
  const where = `${relay.host}:${relay.port}`
  if (!opened.ok) {
    steps.push({ name: 'relay', ok: false, detail: opened.failure.cause, tookMs: nowMs() - startedMs })
    const cause = `a second connection to the relay failed: ${opened.failure.cause}`
    return { ok: false, steps, cause, local: false }
  }
  steps.push({ name: 'relay', ok: true, detail: `logged in to ${where} once more`, tookMs: nowMs() - startedMs })
  const { client } = opened
  try {
    const listeners = listenersOf(config)
    const shell = await throughListener(client, listeners.shell, 'shell', options, steps)
    const console_ = await throughListener(client, listeners.console, 'console', options, steps)
    const failed = shell ?? console_
    if (failed === undefined) return { ok: true, steps, cause: '', local: false }
    const fault = await localFault(failed.end, options)
    return fault === undefined
      ? { ok: false, steps, cause: failed.cause, local: false }
      : { ok: false, steps, cause: fault, local: true }
  } finally {
    client.end()
  }
}

type End = 'shell' | 'console'

async function throughListener(
  client: Client,
  listener: number,
  end: End,
  options: SelfTestOptions,
  steps: Step[],
): Promise<{ end: End; cause: string } | undefined> {
  const { nowMs, signal } = options
  const record = (name: Step['name'], startedMs: number, cause: string | undefined, good: string) =>
    steps.push({ name, ok: cause === undefined, detail: cause ?? good, tookMs: nowMs() - startedMs })

  const openedMs = nowMs()
  const opened = await openListener(client, listener, signal)
  const problem = 'cause' in opened ? opened.cause : undefined
  record(`${end} listener`, openedMs, problem, `127.0.0.1:${listener} on the relay opens`)
  if ('cause' in opened) return { end, cause: opened.cause }

  const provedMs = nowMs()
  const cause = await prove(end, opened.channel, options)
  discard(opened.channel)
  const [name, good] =
    end === 'shell'
      ? (['shell login', 'logged in through it, and the marker file appeared'] as const)
      : (['console host key', 'the console bridge answers with its own host key'] as const)
  record(name, provedMs, cause, good)
  return cause === undefined ? undefined : { end, cause: `through listener ${listener}, ${cause}` }
}

/** What is wrong at this device's own end, found by the same test on 127.0.0.1; undefined when nothing is. */
async function localFault(end: End, options: SelfTestOptions): Promise<string | undefined> {
  const { config } = options
  const port = end === 'shell' ? config.shell.port : config.bridge.port
  const who = end === 'shell' ? 'sshd' : 'console bridge'
  const unit = end === 'shell' ? 'ssh' : 'oobm-console'
  const socket = connect({ host: '127.0.0.1', port, noDelay: true })
  try {
    const refused = await new Promise<unknown>(resolve => {
      socket.once('connect', () => resolve(undefined))
      socket.on('error', resolve)
      options.signal.addEventListener('abort', () => resolve(new Error('no answer in time')), { once: true })
    })
    if (refused !== undefined) {
      return `this device's ${who} does not answer on 127.0.0.1:${port} (${errorMessage(refused)}): systemctl status ${unit}`
    }
    const cause = await prove(end, socket, options)
    return cause === undefined ? undefined : `on this device's own 127.0.0.1:${port}, ${cause}`
  } finally {
    socket.destroy()
  }
}

/** Proves what answers behind a stream; gives what is wrong, or undefined. */
async function prove(end: End, stream: Duplex, { config, key, ident, signal }: SelfTestOptions) {
  if (end === 'console') return showsHostKey(stream, [config.bridge.hostKey], ident, signal)
  let hostKey: string
  try {
    const [type, base64] = (await readFile(config.shell.hostKeyFile, 'utf8')).trim().split(/\s+/)
    hostKey = `${type} ${base64}`
  } catch (err) {
    return `the public host key of sshd cannot be read: ${errorMessage(err)}`
  }
  const nonce = randomBytes(16).toString('hex')
  return loginCreatesMarker({ stream, hostKey, user: config.selftest.user, key, nonce, ident, signal })
}
