/** One authenticated SSH connection to a relay, or the reason why there is none. */
import { connect, type Socket } from 'node:net'
import { Client, type ConnectConfig } from 'ssh2'
import { coalesceWrites } from '../../runtime/coalesce-writes.ts'
import type { RelayConfig } from '../../runtime/device-config.ts'
import { errorCode, errorMessage } from '../../runtime/errors.ts'
import { checkHostKey, type HostKeyCheck } from './host-key.ts'

/** What the device proves itself with. */
export interface Credentials {
  privateKey?: string
  passphrase?: string
  password?: string
}

/** A failure that a person or the next try may mend; `word` is what the LED then says. */
export interface Failure {
  word: 'no-relay' | 'refused' | 'stale' | 'duplicate' | 'unproved'
  cause: string
}

export type Opened = { ok: true; client: Client } | { ok: false; failure: Failure }

export interface OpenOptions {
  relay: RelayConfig
  credentials: Credentials
  /** Milliseconds between keepalives; 0 for a connection that lives shortly. */
  keepaliveMs?: number
  /** Aborted at the deadline of the attempt, or when nobody wants it any more. */
  signal: AbortSignal
  /** Software name in our identification string (RFC 4253, section 4.2). */
  ident?: string
}

/** Keepalives without an answer until the tunnel is given up. */
const KEEPALIVES_MISSED = 3

/** Connects, verifies the host key, authenticates. Never rejects for what a network or a relay can do. */
export async function openConnection(options: OpenOptions): Promise<Opened> {
  const { relay, signal } = options
  const reached = await reach(relay, signal)
  if ('failure' in reached) return { ok: false, failure: reached.failure }
  const hostKey = checkHostKey(relay.hostKeys)
  const client = new Client()
  // ssh2 ends the process on an unhandled error, also long after it was ready.
  client.on('error', () => {})
  const failure = await handshake(client, reached.socket, hostKey, options)
  if (failure === undefined) return { ok: true, client }
  client.destroy()
  reached.socket.destroy()
  return { ok: false, failure }
}

async function reach(relay: RelayConfig, signal: AbortSignal): Promise<{ socket: Socket } | { failure: Failure }> {
  const socket = connect({ host: relay.host, port: relay.port, noDelay: true })
  const outcome = await new Promise<unknown>(resolve => {
    const onAbort = () => resolve('timeout')
    signal.addEventListener('abort', onAbort, { once: true })
    socket.once('connect', () => resolve(undefined))
    socket.once('error', resolve)
    if (signal.aborted) onAbort()
  })
  if (outcome === undefined) {
    coalesceWrites(socket)
    return { socket }
  }
  socket.on('error', () => {})
  socket.destroy()
  return { failure: { word: 'no-relay', cause: unreachable(relay, outcome) } }
}

function unreachable({ host, port }: RelayConfig, outcome: unknown): string {
  switch (outcome === 'timeout' ? 'timeout' : errorCode(outcome)) {
    case 'timeout':
    case 'ETIMEDOUT':
      return `${host}:${port} does not answer: port ${port} may be blocked on this network`
    case 'ENOTFOUND':
      return `the name ${host} does not exist, says the name server`
    case 'EAI_AGAIN':
      return `the name ${host} cannot be looked up: no name server answers`
    case 'ECONNREFUSED':
      return `${host} refuses connections on port ${port}: its sshd is not running, or a firewall is between`
    case 'ENETUNREACH':
    case 'EHOSTUNREACH':
      return `there is no route to ${host}`
    default:
      return `${host}:${port} cannot be reached: ${errorMessage(outcome)}`
  }
}

/** Resolves with the failure, or undefined when the client is ready. */
function handshake(
  client: Client,
  socket: Socket,
  hostKey: HostKeyCheck,
  { relay, credentials, keepaliveMs = 0, signal, ident = 'oobm' }: OpenOptions,
): Promise<Failure | undefined> {
  let greeted = false
  let firstWords = ''
  socket.once('data', (bytes: Buffer) => {
    firstWords = bytes.toString('latin1', 0, 80)
  })
  const where = `${relay.host}:${relay.port}`
  return new Promise(resolve => {
    const onAbort = () => {
      const what = greeted ? 'stopped answering during the login' : 'accepts the connection and then says nothing'
      resolve({ word: 'no-relay', cause: `${where} ${what}` })
    }
    signal.addEventListener('abort', onAbort, { once: true })
    client.once('handshake', () => {
      greeted = true
    })
    client.once('ready', () => {
      signal.removeEventListener('abort', onAbort)
      resolve(undefined)
    })
    client.once('error', err => resolve(explainError(err, relay, hostKey, credentials, firstWords)))
    client.once('close', () => resolve({ word: 'no-relay', cause: `${where} closed the connection during the login` }))
    client.on('keyboard-interactive', (_name, _instructions, _lang, prompts, finish) =>
      finish(prompts.map(() => credentials.password ?? '')),
    )
    try {
      client.connect({
        sock: socket,
        username: relay.user,
        ident,
        ...authenticate(credentials),
        hostVerifier: hostKey.verify,
        algorithms: { serverHostKey: hostKey.algorithms } as NonNullable<ConnectConfig['algorithms']>,
        // The deadline is the signal's.
        readyTimeout: 0,
        keepaliveInterval: keepaliveMs,
        keepaliveCountMax: KEEPALIVES_MISSED,
      })
    } catch (err) {
      // ssh2 throws from connect() for a key that it cannot read or decrypt.
      resolve({ word: 'refused', cause: `this device's own key cannot be used: ${errorMessage(err)}` })
    }
    if (signal.aborted) onAbort()
  })
}

function authenticate({ privateKey, passphrase, password }: Credentials): Partial<ConnectConfig> {
  if (privateKey !== undefined) return { privateKey, ...(passphrase === undefined ? {} : { passphrase }) }
  return password === undefined ? {} : { password, tryKeyboard: true }
}

/** What sshd says in place of its greeting to one connection too many (sshd_config(5), MaxStartups and PerSourcePenalties). */
const TURNED_AWAY = /^(Exceeded MaxStartups|Not allowed at this time)/

function explainError(
  err: Error,
  relay: RelayConfig,
  hostKey: HostKeyCheck,
  credentials: Credentials,
  firstWords: string,
): Failure {
  const where = `${relay.host}:${relay.port}`
  const rejected = hostKey.rejected()
  if (rejected !== undefined) {
    const cause = `${where} shows host key ${rejected}, which is not the pinned one: nothing was sent to it`
    return { word: 'refused', cause }
  }
  // `level` is where in ssh2 an error arose; its messages are not for branching.
  const level = (err as Error & { level?: string }).level
  if (level === 'client-authentication') {
    const how = credentials.privateKey === undefined ? 'password' : 'key'
    return { word: 'refused', cause: `${where} does not accept the login ${relay.user} with this device's ${how}` }
  }
  if (level === 'handshake') {
    return { word: 'refused', cause: `${where} and this device agree on no host key type or cipher: ${err.message}` }
  }
  if (TURNED_AWAY.test(firstWords)) {
    return { word: 'no-relay', cause: `${where} turned this connection away: too many log in to it at this moment` }
  }
  if (firstWords === '') {
    return {
      word: 'no-relay',
      cause: `${where} closes the connection without a word: its sshd, or a firewall before it`,
    }
  }
  if (level === 'protocol') {
    const cause = `${where} is answered by something that is not an SSH server: a captive portal or a proxy?`
    return { word: 'no-relay', cause }
  }
  return { word: 'no-relay', cause: `the connection to ${where} broke during the login: ${errorMessage(err)}` }
}
