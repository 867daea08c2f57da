/** Makes an SSH connection over a stream: host key, login, and what went wrong as a value. The only place that starts ssh2's client. */
import { Socket } from 'node:net'
import { Client, type ConnectConfig } from 'ssh2'
import { coalesceWrites } from '../../runtime/coalesce-writes.ts'
import { errorMessage } from '../../runtime/errors.ts'
import { printable } from '../../runtime/printable.ts'
import { algorithms } from './algorithms.ts'
import { answered } from './answered.ts'
import { ClientConnection } from './client-connection.ts'
import type { Connect, ConnectOptions, Credentials, Fault } from './connection.ts'
import { type End, Ending, endOf } from './ending.ts'
import { guard } from './guard.ts'
import { checkHostKey, type HostKeyCheck } from './host-key.ts'
import { readablePrivateKey } from './private-key.ts'
import { Traffic } from './traffic.ts'

const NO_GREETING = 'it sends no SSH greeting'

/** On a fault the stream is destroyed. */
export const connect: Connect = async options => {
  const { stream, credentials, localAddress, nowMs } = options
  const ending = new Ending(stream)
  const refuse = (fault: Fault) => {
    ending.cut()
    return { ok: false as const, fault }
  }
  const { privateKey, passphrase } = credentials ?? {}
  const unreadable = privateKey === undefined ? undefined : readablePrivateKey(privateKey, passphrase)
  if (unreadable !== undefined) return refuse({ kind: 'own-key', detail: unreadable })
  const hostKey = checkHostKey(options.hostKeys)
  if (hostKey.algorithms.length === 0) return refuse({ kind: 'host-key', detail: 'no host key is pinned' })

  if (stream instanceof Socket) {
    stream.setNoDelay(true)
    coalesceWrites(stream)
  }
  const client = new Client()
  // ssh2 ends the process on an error without a listener, also long after the login.
  client.on('error', error => ending.because(endOf(error)))
  const traffic = new Traffic(stream, nowMs, () =>
    ending.because({ kind: 'violation', what: 'it asks and does not read the answers' }),
  )
  const fault = await logIn(client, options, { ending, hostKey, traffic })
  if (fault !== undefined) return refuse(fault)
  return { ok: true, connection: new ClientConnection({ client, stream, traffic, ending, localAddress, nowMs }) }
}

interface Watched {
  ending: Ending
  hostKey: HostKeyCheck
  traffic: Traffic
}

/** Resolves with the fault, or undefined when the login is accepted. */
function logIn(client: Client, options: ConnectOptions, watched: Watched): Promise<Fault | undefined> {
  const { stream, user, credentials, ident = 'oobm', signal } = options
  const { ending, hostKey, traffic } = watched
  const methods = methodsOf(credentials)
  let offered: readonly string[] = []
  let isVerified = false
  const unfinished = (thrown?: unknown): Fault => {
    const rejected = hostKey.rejected()
    if (rejected !== undefined) return { kind: 'host-key', detail: rejected }
    // What ssh2 throws from connect() concerns our own settings, and the key was read before.
    if (thrown !== undefined) return { kind: 'algorithms', detail: printable(errorMessage(thrown)) }
    if (ending.end === undefined) return silence(traffic)
    return faultOf(ending.end, { isVerified, traffic, offered, said: ending.cause() })
  }
  return answered<Fault | undefined>([signal, ending.signal], unfinished, settle => {
    client.once('ready', () => settle(undefined))
    client.once('handshake', () => {
      if (methods.length === 0) settle({ kind: 'authentication', detail: 'no login was tried' })
    })
    client.on('keyboard-interactive', (_name, _instructions, _language, prompts, finish) =>
      finish(prompts.map(() => credentials?.password ?? '')),
    )
    client.connect({
      sock: stream as NonNullable<ConnectConfig['sock']>,
      username: user,
      ident,
      ...ourHalf(credentials),
      authHandler: (left: string[] | null) => {
        offered = left ?? offered
        return methods.shift() ?? false
      },
      hostVerifier: (key: Buffer) => {
        isVerified = hostKey.verify(key)
        return isVerified
      },
      algorithms: algorithms(hostKey.algorithms),
      // Deadlines are the signal's, and pings our own.
      readyTimeout: 0,
      keepaliveInterval: 0,
    } as ConnectConfig)
    guard(client, what => ending.because({ kind: 'violation', what }))
  })
}

function methodsOf({ privateKey, password, account }: Credentials = {}): string[] {
  if (account) return ['none']
  if (privateKey !== undefined) return ['publickey']
  return password === undefined ? [] : ['password', 'keyboard-interactive']
}

function ourHalf({ privateKey, passphrase, password }: Credentials = {}): Partial<ConnectConfig> {
  if (privateKey !== undefined) return { privateKey, ...(passphrase === undefined ? {} : { passphrase }) }
  return password === undefined ? {} : { password, tryKeyboard: true }
}

function silence({ greeting }: Traffic): Fault {
  if (greeting === 'other') return { kind: 'not-ssh', detail: NO_GREETING }
  const detail = greeting === 'ssh' ? 'it stopped answering during the login' : 'it says nothing'
  return { kind: 'silent', detail }
}

interface Found {
  /** The host key was a pinned one. */
  isVerified: boolean
  traffic: Traffic
  /** Methods that the server would have taken. */
  offered: readonly string[]
  said: string
}

function faultOf(end: End, { isVerified, traffic: { greeting }, offered, said }: Found): Fault {
  switch (end.kind) {
    case 'violation':
      return { kind: 'not-ssh', detail: end.what }
    case 'error': {
      const detail = printable(end.error.message)
      if (end.error.level === 'client-authentication') return { kind: 'authentication', detail: offerOf(offered) }
      // Before the host key is there, ssh2 only compares the two offers (RFC 4253, section 7.1).
      return { kind: end.error.level === 'handshake' && !isVerified ? 'algorithms' : 'not-ssh', detail }
    }
    case 'closed':
      if (greeting === 'other') return { kind: 'not-ssh', detail: NO_GREETING }
      return { kind: 'closed', detail: greeting === 'none' ? 'it closed the connection without an SSH greeting' : said }
    default:
      return { kind: 'closed', detail: said }
  }
}

function offerOf(methods: readonly string[]): string {
  return methods.length === 0 ? 'it gives no reason' : `it offers ${printable(methods.join(', '))}`
}
