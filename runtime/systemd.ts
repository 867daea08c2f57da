/** Tells systemd how a daemon is: ready, its state in words, and that its loop still turns (sd_notify(3)). */
import spawn from 'nano-spawn'
import notify from 'systemd-notify'

export interface ServiceManager {
  /** Type=notify: the start is done. */
  ready(): void
  /** One line for `systemctl status`. */
  status(text: string): void
  /** Call at each turn of the main loop; sends `WATCHDOG=1` as often as `WatchdogSec=` asks, no more. */
  progress(): void
  /** Milliseconds between two turns of the loop that systemd expects; undefined without a watchdog. */
  readonly watchdogMs: number | undefined
}

/**
 * The service manager that started this process, or one that hears nothing.
 * @param nowMs monotonic milliseconds
 * @param onError gets what the `systemd-notify` program said; a failed notification never ends a daemon
 */
export function serviceManager(
  env: NodeJS.ProcessEnv,
  nowMs: () => number,
  onError: (err: unknown) => void,
): ServiceManager {
  if (!env.NOTIFY_SOCKET) return { ready() {}, status() {}, progress() {}, watchdogMs: undefined }
  // sd_watchdog_enabled(3): microseconds until we count as hung; half of it is the customary pace.
  const watchdogMs = env.WATCHDOG_USEC ? Number(env.WATCHDOG_USEC) / 2000 : undefined
  let fedAtMs = Number.NEGATIVE_INFINITY
  // systemd-notify rejects with plain strings; whatever it is, it is for the log.
  const send = (options: { ready?: boolean; status?: string }) => void notify(options).catch(onError)
  return {
    watchdogMs,
    ready: () => send({ ready: true }),
    status: text => send({ status: text }),
    progress: () => {
      if (watchdogMs === undefined || nowMs() - fedAtMs < watchdogMs) return
      fedAtMs = nowMs()
      // The package knows no WATCHDOG=1, so this one runs the program itself.
      spawn('systemd-notify', [`--pid=${process.pid}`, 'WATCHDOG=1']).catch(onError)
    },
  }
}
