/** One relay: the person's own ssh to it, and what the device behind it says first. */
import { existsSync } from 'node:fs'
import { markLogin, type SshPipe, sshSettings, startSsh } from '../../../cli/ssh.ts'
import { systemClock } from '../../../runtime/clock.ts'
import { errorMessage } from '../../../runtime/errors.ts'
import { printable } from '../../../runtime/printable.ts'
import type { Way } from './find-device.ts'
import { readGreeting } from './read-greeting.ts'

/** Milliseconds for the login: a person looks for their token, and sshd gives up after two minutes itself. */
const LOGIN_MS = 120_000
/** Milliseconds between two looks at the mark of the login. */
const PACE_MS = 50
/** Milliseconds from the time in which ssh must have connected to its end: it says why, and the machine is loaded. */
const SLACK_MS = 2_000
/** Milliseconds in which ssh says why a connection ended. */
const WORDS_MS = 500
/** Milliseconds from SIGTERM to SIGKILL. */
const GRACE_MS = 1_000
/** Characters of ssh's own words about the forwarding that are kept. */
const HELD_MAX = 4_096

export interface SshWay extends Way {
  child: SshPipe
  /** What the device has said. Its output is paused from then on. */
  received(): Buffer
}

export interface WayOptions {
  /** For messages. */
  relay: string
  /** Arguments of ssh before `-W`. */
  options: readonly string[]
  /** The host of the relay in the person's ssh_config. */
  host: string
  /** `HOST:PORT` as the relay sees it. */
  target: string
  /** A file that ssh makes when it is logged in. */
  mark: string
  /** An open connection is shared: there is no login. */
  isShared: boolean
  connectS: number | undefined
  /** Milliseconds for the device's greeting, once ssh is logged in: a stale listener accepts and says nothing. */
  greetingMs: number
  /** How ssh gets to the relay by another way, and why not directly. */
  other?: { proxyCommand: string; problem: string } | undefined
}

export function openWay({
  relay,
  options,
  host,
  target,
  mark,
  isShared,
  connectS,
  greetingMs,
  other,
}: WayOptions): SshWay {
  const settings = {
    ...markLogin(mark),
    ...(connectS !== undefined && { ConnectTimeout: String(connectS), ConnectionAttempts: '1' }),
    ...(other && { ProxyCommand: other.proxyCommand }),
  }
  const child = startSsh([...options, ...sshSettings(settings), '-W', target, '--', host])
  const over = new AbortController()
  const startedMs = systemClock.nowMs()
  let received = Buffer.alloc(0)
  let held = ''
  let problem: string | undefined
  let isSlow = false
  let tellAnswer = () => {}
  let endTurn = () => {}
  const answer = new Promise<void>(resolve => {
    tellAnswer = resolve
  })
  const turn = new Promise<void>(resolve => {
    endTurn = resolve
  })
  const isIn = () => isShared || existsSync(mark)
  const fail = (why: string) => {
    if (over.signal.aborted) return
    problem = why
    over.abort()
    endTurn()
    child.kill()
  }

  // Until it is in, ssh speaks to a person: about host keys, and a token that waits for a touch. Then it is about the forwarding.
  const hold = (text: string) => {
    if (isIn()) held = (held + text).slice(0, HELD_MAX)
    else process.stderr.write(text)
  }
  child.stderr.setEncoding('utf8').on('data', hold)
  const hear = (bytes: Buffer) => {
    // What comes after the end may have none.
    if (over.signal.aborted) return
    received = Buffer.concat([received, bytes])
    const heard = readGreeting(received)
    if (heard === 'other') return fail('what answers there is no SSH server')
    if (heard === 'incomplete') return
    over.abort()
    child.stdout.pause().off('data', hear)
    child.stderr.off('data', hold).on('data', text => process.stderr.write(text))
    tellAnswer()
  }
  child.stdout.on('data', hear)
  // A relay that ends reads nothing more.
  child.stdin.on('error', () => {})
  child.once('error', err => fail(`cannot run ssh, which is in the package openssh-client: ${errorMessage(err)}`))
  const end = () => {
    const tookMs = systemClock.nowMs() - startedMs
    const limitMs = connectS === undefined ? Number.POSITIVE_INFINITY : connectS * 1_000
    isSlow = !isIn() && tookMs >= limitMs && tookMs < limitMs + SLACK_MS
    if (isSlow) return fail(`the relay did not answer in ${connectS} s`)
    if (!isIn() && other) return fail(`not logged in, neither by another way nor directly (${other.problem})`)
    if (!isIn()) return fail('ssh could not log in there')
    const [words = ''] = held.split('\n')
    if (words !== '') return fail(`the device is not there (${printable(words.trim())})`)
    fail(`the connection ended ${received.length > 0 ? 'in the middle of the SSH greeting' : 'without a word'}`)
  }
  const endSoon = () => void systemClock.sleep(WORDS_MS, over.signal).then(end)
  child.once('close', end)
  // A shared connection that stays may hold its output open; and ssh itself stays where only the other side has ended.
  child.once('exit', endSoon)
  child.stdout.once('end', endSoon)

  const watch = async () => {
    for (const untilMs = startedMs + LOGIN_MS; !isIn(); await systemClock.sleep(PACE_MS, over.signal)) {
      if (over.signal.aborted) return
      if (systemClock.nowMs() > untilMs) return fail(`no login within ${LOGIN_MS / 1_000} s`)
    }
    await systemClock.sleep(greetingMs, over.signal)
    endTurn()
  }
  void watch()

  return {
    ...{ relay, child, answer, turn },
    received: () => received,
    problem: () => problem ?? `the device did not answer in ${greetingMs / 1_000} s`,
    wasIn: isIn,
    wasSlow: () => isSlow,
    close: () => endSsh(child, over),
  }
}

async function endSsh(child: SshPipe, over: AbortController): Promise<void> {
  over.abort()
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return
  await new Promise<void>(resolve => {
    const timer = setTimeout(() => child.kill('SIGKILL'), GRACE_MS)
    child.once('exit', () => {
      clearTimeout(timer)
      resolve()
    })
    child.kill()
  })
}
