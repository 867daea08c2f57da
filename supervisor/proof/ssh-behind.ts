/** What answers behind a stream: an SSH server with the right host key, and one that lets the self-test in. */
import { rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Duplex } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'
import { Client, type ConnectConfig } from 'ssh2'
import { errorMessage } from '../../runtime/errors.ts'
import { checkHostKey } from '../tunnel/host-key.ts'
import type { SelftestKey } from './selftest-key.ts'

export interface MarkerOptions {
  stream: Duplex
  /** The device's own public host key. */
  hostKey: string
  user: string
  key: SelftestKey
  /** 32 lower-case hex digits. */
  nonce: string
  ident: string
  signal: AbortSignal
}

/** Looks for the marker, and milliseconds between two. */
const LOOKS = 10
const LOOK_MS = 20

/** Verifies the host key and goes no further; gives what is wrong, or undefined. */
export async function showsHostKey(
  stream: Duplex,
  hostKeys: string[],
  ident: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  // Without credentials the client ends at the login: the host key was proved by then, and nothing else is asked.
  const outcome = await login(stream, hostKeys, { username: 'oobm-selftest', ident }, signal)
  outcome.client.destroy()
  return outcome.verified ? undefined : outcome.problem
}

/** Logs in, has the marker created, waits for it, removes it; gives what is wrong, or undefined. */
export async function loginCreatesMarker(options: MarkerOptions): Promise<string | undefined> {
  const { stream, hostKey, user, key, nonce, ident, signal } = options
  const { client, problem } = await login(
    stream,
    [hostKey],
    { username: user, privateKey: key.privateKey, ident },
    signal,
  )
  const marker = join(key.markers, nonce)
  try {
    if (problem !== undefined) return problem
    const refused = await execute(client, nonce, signal)
    if (refused !== undefined) return refused
    // The command ended well, so its file is there by now if this is the machine that it ran on.
    for (let looks = 0; looks < LOOKS; looks++) {
      if (await exists(marker)) return undefined
      await delay(LOOK_MS)
    }
    return 'sshd ran the self-test, and its marker file did not appear here: is it another machine?'
  } finally {
    client.end()
    await rm(marker, { force: true })
  }
}

interface Login {
  client: Client
  /** The host key was the right one. */
  verified: boolean
  problem: string | undefined
}

function login(stream: Duplex, hostKeys: string[], config: ConnectConfig, signal: AbortSignal): Promise<Login> {
  const hostKey = checkHostKey(hostKeys)
  const client = new Client()
  let verified = false
  return new Promise(resolve => {
    const settle = (problem: string | undefined) => resolve({ client, verified, problem })
    signal.addEventListener('abort', () => settle('the SSH server did not answer in time'), { once: true })
    client.once('ready', () => settle(undefined))
    client.on('error', err => {
      const rejected = hostKey.rejected()
      const level = (err as Error & { level?: string }).level
      if (rejected !== undefined) settle(`another SSH server answers: its host key is ${rejected}`)
      else if (level === 'client-authentication')
        settle('sshd refuses the self-test: is its account and drop-in there?')
      else if (level === 'handshake') settle('another SSH server answers: it has no host key of our kind')
      else settle(`what answers is not this device's SSH server (${errorMessage(err)})`)
    })
    client.once('close', () => settle('the connection was closed before the login: is anything behind the port?'))
    try {
      client.connect({
        ...config,
        sock: stream as NonNullable<ConnectConfig['sock']>,
        readyTimeout: 0,
        algorithms: { serverHostKey: hostKey.algorithms } as NonNullable<ConnectConfig['algorithms']>,
        hostVerifier: (key: Buffer) => {
          verified = hostKey.verify(key)
          return verified
        },
      })
    } catch (err) {
      // ssh2 throws from connect() for a key that it cannot read.
      settle(`the key of the self-test cannot be used (${errorMessage(err)})`)
    }
  })
}

/** Runs the forced command; its exit code must be 0. */
function execute(client: Client, nonce: string, signal: AbortSignal): Promise<string | undefined> {
  return new Promise(resolve => {
    signal.addEventListener('abort', () => resolve('the self-test command did not end in time'), { once: true })
    try {
      client.exec(nonce, (err, channel) => {
        if (err) return resolve(`sshd does not run the self-test command: ${errorMessage(err)}`)
        channel.on('error', () => {})
        channel.on('exit', code => {
          resolve(code === 0 ? undefined : `the self-test command ended with ${code}: can it write its marker?`)
        })
        channel.on('close', () => resolve('the self-test command ended without a word'))
        channel.resume()
        channel.stderr.resume()
      })
    } catch (err) {
      resolve(errorMessage(err))
    }
  })
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  )
}
