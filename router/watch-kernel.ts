/** Wakes the loop when the kernel's interfaces, addresses, routes or rules change: ip-monitor(8) prints a line for each. */
import { type ChildProcess, spawn } from 'node:child_process'
import { whenAborted } from '../runtime/waiting.ts'

/** Milliseconds in which the many events of one change become one. */
const SETTLE_MS = 300
const RESTART_MS = 30_000

/** @param onChange is not called for less than {@link SETTLE_MS} after an event; without `ip monitor` never */
export function watchKernel(onChange: () => void, signal: AbortSignal): void {
  let timer: NodeJS.Timeout | undefined
  let monitor: ChildProcess | undefined
  let restart: NodeJS.Timeout | undefined
  const start = () => {
    monitor = spawn('ip', ['-o', '-4', 'monitor', 'link', 'address', 'route', 'rule'], {
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    monitor.stdout?.on('data', () => {
      timer ??= setTimeout(() => {
        timer = undefined
        onChange()
      }, SETTLE_MS)
    })
    // `error` and `close` may both come.
    monitor.once('error', () => {})
    monitor.once('close', () => {
      if (!signal.aborted) restart = setTimeout(start, RESTART_MS)
    })
  }
  start()
  void whenAborted(signal).then(() => {
    clearTimeout(timer)
    clearTimeout(restart)
    monitor?.kill()
  })
}
