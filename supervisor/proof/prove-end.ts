/** What answers behind a stream: this device's sshd, which lets the self-test in, or its console bridge. */
import { randomBytes } from 'node:crypto'
import { readFile, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Duplex } from 'node:stream'
import type { DeviceConfig } from '../../formats/device-config.ts'
import type { Clock } from '../../runtime/clock.ts'
import { errorMessage } from '../../runtime/errors.ts'
import { settled } from '../../runtime/waiting.ts'
import type { Connect, Connection, Fault } from '../ssh/connection.ts'
import type { SelftestKey } from './selftest-key.ts'

/** The two ways into this device. */
export type End = 'shell' | 'console'

/** The files that the proof of the shell reads and removes. */
export interface MarkerFiles {
  hostKey(): Promise<string>
  appeared(nonce: string): Promise<boolean>
  forget(nonce: string): Promise<void>
}

export interface ProveOptions {
  config: DeviceConfig
  key: SelftestKey
  files: MarkerFiles
  connect: Connect
  clock: Clock
  /** Identification of the inner connections, so that they do not count as sessions. */
  ident: string
  /** Aborted at the deadline. */
  signal: AbortSignal
}

/** Looks for the marker, and milliseconds between two. */
const LOOKS = 10
const LOOK_MS = 20
/** Milliseconds for the goodbye to an inner connection. */
const GOODBYE_MS = 500

export function markerFiles(config: DeviceConfig, key: SelftestKey): MarkerFiles {
  const marker = (nonce: string) => join(key.markers, nonce)
  return {
    hostKey: async () => {
      const [type, base64] = (await readFile(config.shell.hostKeyFile, 'utf8')).trim().split(/\s+/)
      return `${type} ${base64}`
    },
    appeared: nonce =>
      stat(marker(nonce)).then(
        () => true,
        () => false,
      ),
    forget: nonce => rm(marker(nonce), { force: true }),
  }
}

/** Gives what is wrong, as a sentence part, or undefined when the end is proved. Never rejects. */
export async function proveEnd(end: End, stream: Duplex, options: ProveOptions): Promise<string | undefined> {
  try {
    return await (end === 'shell' ? loginCreatesMarker(stream, options) : showsHostKey(stream, options))
  } catch (err) {
    return `the self-test cannot run on this device: ${errorMessage(err)}`
  }
}

/** The host key is proved before the login, and nothing else is asked of the bridge: so there are no credentials. */
async function showsHostKey(stream: Duplex, options: ProveOptions): Promise<string | undefined> {
  const { config, connect, clock, ident, signal } = options
  const hostKeys = [config.bridge.hostKey]
  const outcome = await connect({ stream, user: 'oobm-selftest', hostKeys, ident, nowMs: clock.nowMs, signal })
  if (!outcome.ok) return outcome.fault.kind === 'authentication' ? undefined : explain(outcome.fault)
  outcome.connection.destroy()
  return 'what answers accepts any login: it is not the console bridge'
}

async function loginCreatesMarker(stream: Duplex, options: ProveOptions): Promise<string | undefined> {
  const { config, key, files, connect, clock, ident, signal } = options
  let hostKey: string
  try {
    hostKey = await files.hostKey()
  } catch (err) {
    return `the public host key of sshd cannot be read: ${errorMessage(err)}`
  }
  const outcome = await connect({
    ...{ stream, user: config.selftest.user, credentials: { privateKey: key.privateKey }, hostKeys: [hostKey], ident },
    ...{ nowMs: clock.nowMs, signal },
  })
  if (!outcome.ok) return explain(outcome.fault)
  const { connection } = outcome
  const nonce = randomBytes(16).toString('hex')
  try {
    const refused = await run(connection, nonce, signal)
    if (refused !== undefined) return refused
    // The command ended well, so its file is there by now if this is the machine that it ran on.
    for (let looks = 0; looks < LOOKS && !signal.aborted; looks++) {
      if (await files.appeared(nonce)) return undefined
      await clock.sleep(LOOK_MS, signal)
    }
    return 'sshd ran the self-test, and its marker file did not appear here: is it another machine?'
  } finally {
    void leave(connection, clock)
    await files.forget(nonce).catch(() => {})
  }
}

/** Runs the forced command; its exit code must be 0. */
async function run(connection: Connection, nonce: string, signal: AbortSignal): Promise<string | undefined> {
  const started = await connection.exec(nonce, signal)
  if (!started.ok) return `sshd does not run the self-test command: ${started.cause}`
  const { stream, exited } = started.value
  stream.resume()
  const code = await settled<number | 'silent' | undefined>(signal, 'silent', settle => void exited.then(settle))
  if (code === 0) return undefined
  if (code === 'silent') return 'the self-test command did not end in time'
  if (code === undefined) return 'the self-test command ended without an exit code'
  return `the self-test command ended with ${code}: can it write its marker file?`
}

async function leave(connection: Connection, clock: Clock): Promise<void> {
  const deadline = new AbortController()
  void clock.sleep(GOODBYE_MS, connection.closed).then(() => deadline.abort())
  await connection.end(deadline.signal)
}

function explain({ kind, detail }: Fault): string {
  switch (kind) {
    case 'host-key':
      return `another SSH server answers: its host key is ${detail}`
    case 'authentication':
      return 'sshd refuses the self-test: check the account oobm-selftest and /etc/ssh/sshd_config.d/50-oobm.conf'
    case 'algorithms':
      return 'another SSH server answers: it has no host key of the expected type'
    case 'own-key':
      return `the key of the self-test cannot be used (${detail})`
    case 'silent':
      return 'the SSH server did not answer in time'
    case 'not-ssh':
      return `what answers is not this device's SSH server (${detail})`
    case 'closed':
      return `the connection was closed before the login (${detail}): is anything behind the port?`
    default:
      return kind satisfies never
  }
}
