/** One try at a relay with the real ssh client and a device's key: nothing of the operator's own ssh settings takes part. */
import { spawn } from 'node:child_process'
import { connect } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { EXIT, UserError } from '../../runtime/errors.ts'
import type { Relay } from '../fleet-config.ts'

/** Milliseconds for one try: a slow link, and a relay that is busy. */
const TRY_MS = 30_000
/** Milliseconds between two looks at whether ssh has made its socket. */
const PACE_MS = 50

export interface ProbeSettings {
  relay: Relay
  /** Private key of a device. */
  identityFile: string
  /** Holds the relay's pinned host keys under the name `relay`. */
  knownHostsFile: string
  signal: AbortSignal
}

export interface Answer {
  /** ssh's exit code: 255 when the connection or a forward failed, else that of the word; undefined: cut off in time. */
  code: number | undefined
  /** Standard output and error. */
  said: string
}

/** @param options those of ssh, before the login @param word what to run there; none: a shell is asked for */
export function trySsh(settings: ProbeSettings, options: string[], word?: string): Promise<Answer> {
  return run(settings, [...options, ...(word === undefined ? [] : ['--', word])])
}

/** Asks the relay to connect to a Unix socket of its own, by way of a local one at `socket`. */
export async function tryUnixSocket(settings: ProbeSettings, socket: string, remote: string): Promise<Answer> {
  const controller = new AbortController()
  const signal = AbortSignal.any([settings.signal, controller.signal])
  const answer = run({ ...settings, signal }, ['-N', '-L', `${socket}:${remote}`], /open failed: .*/)
  const poke = async () => {
    while (!signal.aborted && !(await pokeSocket(socket))) await delay(PACE_MS, undefined, { signal }).catch(() => {})
  }
  try {
    return (await Promise.all([answer.finally(() => controller.abort()), poke()]))[0]
  } finally {
    controller.abort()
  }
}

/** @param enough ends ssh as soon as it says this */
function run(
  { relay, identityFile, knownHostsFile, signal }: ProbeSettings,
  args: string[],
  enough?: RegExp,
): Promise<Answer> {
  const settings = {
    BatchMode: 'yes',
    CheckHostIP: 'no',
    ConnectTimeout: '15',
    ControlPath: 'none',
    ExitOnForwardFailure: 'yes',
    GlobalKnownHostsFile: '/dev/null',
    HostKeyAlias: 'relay',
    IdentitiesOnly: 'yes',
    IdentityAgent: 'none',
    IdentityFile: `"${identityFile}"`,
    StrictHostKeyChecking: 'yes',
    UserKnownHostsFile: `"${knownHostsFile}"`,
  }
  const options = Object.entries(settings).flatMap(([name, value]) => ['-o', `${name}=${value}`])
  const split = args.indexOf('--')
  const [before, word] = split < 0 ? [args, []] : [args.slice(0, split), args.slice(split + 1)]
  const login = ['-p', String(relay.port), '-l', relay.user, relay.host]
  const child = spawn('ssh', ['-F', 'none', ...options, ...before, ...login, ...word], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let said = ''
  const hear = (chunk: string) => {
    said += chunk
    if (enough?.test(said)) child.kill()
  }
  child.stdout.setEncoding('utf8').on('data', hear)
  child.stderr.setEncoding('utf8').on('data', hear)
  return new Promise((resolve, reject) => {
    const bound = AbortSignal.any([signal, AbortSignal.timeout(TRY_MS)])
    const cut = () => child.kill()
    bound.addEventListener('abort', cut)
    if (bound.aborted) cut()
    child.once('error', err => {
      bound.removeEventListener('abort', cut)
      reject(new UserError(`cannot run ssh (package openssh-client): ${err.message}`, EXIT.unavailable, { cause: err }))
    })
    child.once('close', code => {
      bound.removeEventListener('abort', cut)
      resolve({ code: code ?? undefined, said })
    })
  })
}

/** True once somebody listens there. */
function pokeSocket(path: string): Promise<boolean> {
  return new Promise(resolve => {
    const socket = connect(path)
    socket.once('connect', () => resolve(true))
    socket.once('error', () => resolve(false))
    socket.once('connect', () => socket.end())
    socket.resume()
  })
}
