/** Tells systemd how a daemon is: ready, its state in words, and that its loop still turns (sd_notify(3)). */
import { spawn } from 'node:child_process'
import notify from 'systemd-notify'
import { hasFreeDescriptors } from './descriptors.ts'
import { printable } from './printable.ts'

export interface ServiceManager {
  /** Type=notify: the start is done. */
  ready(): void
  /** One line for `systemctl status`. */
  status(text: string): void
  /** Call at each turn of the main loop; sends `WATCHDOG=1` three times in each period of the watchdog, no more. */
  progress(): void
  /**
   * Asks for a longer watchdog on a board that is slow, and with a shorter time for less again; never less than
   * `WatchdogSec=`. What holds already is not sent again.
   */
  extendWatchdog(ms: number): void
  /** Milliseconds without a sign after which systemd ends the daemon; undefined without a watchdog. */
  readonly watchdogMs: number | undefined
}

/** Milliseconds that `systemd-notify` has. On the slowest board it took three seconds. */
const NOTIFY_MS = 10_000
/** Milliseconds after which what could not be sent is tried again, by the next sign of progress. */
const AGAIN_MS = 1_000
/** Signs of life in one period of the watchdog: one may be lost. */
const SIGNS = 3
/** Descriptors that the package's spawn needs: three pipes, and libuv's own. */
const SPAWN_DESCRIPTORS = 16

type Name = 'READY' | 'STATUS' | 'WATCHDOG' | 'WATCHDOG_USEC'

/** What is to be told, the newest value of each: `STATUS` → text. */
export type Message = Map<Name, string>

/**
 * The service manager that started this process, or one that hears nothing.
 * @param nowMs monotonic milliseconds
 * @param onError gets the first of several failures in a row; a failed notification never throws, and never ends a daemon
 * @param send runs `systemd-notify` for one message; one at a time
 */
export function serviceManager(
  env: NodeJS.ProcessEnv,
  nowMs: () => number,
  onError: (err: unknown) => void,
  send: (message: Message) => Promise<void> = sendMessage,
): ServiceManager {
  if (!env.NOTIFY_SOCKET) return { ready() {}, status() {}, progress() {}, extendWatchdog() {}, watchdogMs: undefined }
  // sd_watchdog_enabled(3) gives microseconds.
  const configuredMs = env.WATCHDOG_USEC ? Number(env.WATCHDOG_USEC) / 1000 : undefined
  let watchdogMs = configuredMs
  let nextSignMs = Number.NEGATIVE_INFINITY
  let againMs = Number.NEGATIVE_INFINITY
  let due: Message = new Map()
  let isBusy = false

  /** One message after the other: what comes meanwhile is joined into the next. What fails goes with the next, too. */
  const flush = async () => {
    if (isBusy || nowMs() < againMs) return
    isBusy = true
    while (due.size > 0) {
      const message = due
      due = new Map()
      try {
        await send(message)
        againMs = Number.NEGATIVE_INFINITY
      } catch (err) {
        if (againMs === Number.NEGATIVE_INFINITY) onError(err)
        againMs = nowMs() + AGAIN_MS
        // Newer values count more.
        due = new Map([...message, ...due])
        break
      }
    }
    isBusy = false
  }
  const tell = (name: Name, value: string) => {
    due.set(name, value)
    void flush()
  }
  return {
    get watchdogMs() {
      return watchdogMs
    },
    ready: () => tell('READY', '1'),
    status: text => tell('STATUS', printable(text)),
    progress: () => {
      if (watchdogMs === undefined || nowMs() < nextSignMs) return void flush()
      nextSignMs = nowMs() + watchdogMs / SIGNS
      tell('WATCHDOG', '1')
    },
    extendWatchdog: ms => {
      if (configuredMs === undefined || watchdogMs === undefined) return
      const wantedMs = Math.max(configuredMs, ms)
      if (wantedMs === watchdogMs) return
      watchdogMs = wantedMs
      nextSignMs = Math.min(nextSignMs, nowMs() + watchdogMs / SIGNS)
      tell('WATCHDOG_USEC', String(Math.round(wantedMs * 1000)))
    },
  }
}

/** The first message of all, READY=1 alone, by the package; it knows neither WATCHDOG=1 nor an end to its waiting. */
async function sendMessage(message: Message): Promise<void> {
  // Without descriptors its spawn raises an event that nobody hears, which would end the daemon.
  if (message.size === 1 && message.has('READY') && hasFreeDescriptors(SPAWN_DESCRIPTORS)) {
    return bounded(settle => notify({ ready: true }).then(() => settle(), settle))
  }
  const variables = [...message].map(([name, value]) => `${name}=${value}`)
  return bounded(settle => {
    const child = spawn('systemd-notify', [`--pid=${process.pid}`, ...variables], {
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    let said = ''
    // Absent when there was no descriptor for it; `error` says so then.
    child.stderr?.setEncoding('utf8').on('data', text => {
      said += text
    })
    child.once('error', settle)
    child.once('close', (code, signal) =>
      settle(code === 0 ? undefined : `ended with ${code ?? signal}: ${said.trim()}`),
    )
    return () => {
      child.kill('SIGKILL')
      child.stderr?.destroy()
    }
  })
}

/** @param start calls `settle`, without an argument when it went well; returns how to end it after {@link NOTIFY_MS} */
function bounded(start: (settle: (failure?: unknown) => void) => unknown): Promise<void> {
  return new Promise((resolve, reject) => {
    let end: unknown
    const settle = (failure?: unknown) => {
      clearTimeout(timer)
      if (failure === undefined) resolve()
      else reject(failure instanceof Error ? failure : new Error(`systemd-notify: ${String(failure)}`))
    }
    const timer = setTimeout(() => {
      if (typeof end === 'function') end()
      settle(`no end after ${NOTIFY_MS / 1000} s`)
    }, NOTIFY_MS)
    try {
      end = start(settle)
    } catch (err) {
      settle(err)
    }
  })
}
