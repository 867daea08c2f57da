/**
 * A TCP connection over one interface, whatever the routes are: by socat(1), since Node.js has no SO_BINDTODEVICE (socket(7)).
 * It needs no privilege (Linux 5.7 and later). The interface must have a default route of its own.
 */
import { spawn } from 'node:child_process'
import { isIPv6, type Socket } from 'node:net'
import { errorCode, errorMessage } from '../runtime/errors.ts'
import { printable } from '../runtime/printable.ts'
import { settled } from '../runtime/waiting.ts'
import type { AddressFault } from './dial-failure.ts'
import type { Opened, OpenStream } from './open-stream.ts'

const NO_ANSWER: Opened = { ok: false, fault: { kind: 'no-answer' } }

/** What it says of itself with `-d -d`, in English by LC_ALL. */
const SAYS = {
  open: /N starting data transfer loop/,
  local: /N successfully connected from local address AF=\d+ \[?([0-9a-f.:]+?)\]?:\d+$/m,
  error: /^.* E (.*)$/m,
}
/** Characters of it that are kept: it says a few lines before it is open, and hardly any after. */
const KEPT = 4_096

/** One process for each connection. It ends with the stream, also when this process is killed: it then reads an end. */
export function openOver(interfaceName: string): OpenStream {
  return async ({ address, port, signal }) => {
    if (signal.aborted) return NO_ANSWER
    const host = isIPv6(address) ? `[${address}]` : address
    // socat reads commas and more as its own; the kernel allows them in a name.
    const name = interfaceName.replace(/[^\w.-]/g, '\\$&')
    const child = spawnSafely(['-d', '-d', 'FD:3', `TCP:${host}:${port},so-bindtodevice=${name},nodelay`])
    if (child instanceof Error) return local(child)
    // Both directions of one socket pair; without descriptors there is none, and the error is told later.
    const stream = child.stdio?.[3] as Socket | undefined
    if (stream === undefined) return local(await new Promise<Error>(resolve => child.once('error', resolve)))
    // For ever: an error without a listener ends the process.
    stream.on('error', () => {})
    stream.once('close', () => child.kill())
    let said = ''
    const opened = await settled<Opened>(signal, NO_ANSWER, settle => {
      child.once('error', err => settle(local(err)))
      child.once('close', () => settle({ ok: false, fault: faultOf(said) }))
      child.stderr?.on('data', bytes => {
        said = (said + bytes).slice(-KEPT)
        if (SAYS.open.test(said)) settle({ ok: true, stream, localAddress: plain(SAYS.local.exec(said)?.[1] ?? '') })
      })
    })
    if (!opened.ok) {
      stream.destroy()
      child.kill()
    }
    return opened
  }
}

/** Without descriptors, spawn throws. */
function spawnSafely(args: readonly string[]) {
  try {
    const env = { PATH: process.env.PATH, LC_ALL: 'C' }
    return spawn('socat', args, { stdio: ['ignore', 'ignore', 'pipe', 'pipe'], env })
  } catch (err) {
    return err as Error
  }
}

function local(err: Error): Opened {
  const isMissing = errorCode(err) === 'ENOENT'
  const detail = isMissing ? 'socat is not installed (package socat)' : printable(errorMessage(err))
  return { ok: false, fault: { kind: 'local', detail } }
}

/** The system error at the end of its last line, strerror(3). */
function faultOf(said: string): AddressFault {
  const what = SAYS.error.exec(said)?.[1] ?? ''
  switch (what.slice(what.lastIndexOf(': ') + 2)) {
    case 'Connection timed out':
      return { kind: 'no-answer' }
    case 'Connection refused':
      return { kind: 'refused' }
    case 'Connection reset by peer':
      return { kind: 'closed' }
    case 'Network is unreachable':
    case 'No route to host':
    case 'Network is down':
    case 'No such device':
    case 'Cannot assign requested address':
      return { kind: 'no-route' }
    default:
      return { kind: 'local', detail: printable(what === '' ? 'socat ended without a word' : what) }
  }
}

/** socat writes all digits of an IPv6 address. */
function plain(address: string): string {
  return isIPv6(address) ? new URL(`http://[${address}]`).hostname.slice(1, -1) : address
}
