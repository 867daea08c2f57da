/** The network's own events: an address or a link that comes, goes or changes. */
import { spawn } from 'node:child_process'
import { isIP } from 'node:net'
import { networkInterfaces } from 'node:os'
import type { RelayConfig } from '../../runtime/device-config.ts'
import type { Logger } from '../../runtime/log.ts'

export interface Network {
  /** False when no interface has an address that could reach a relay. */
  linkUp(): boolean
}

/** Milliseconds in which the many events of one change (link, address, route) become one. */
const SETTLE_MS = 500
/** Milliseconds between two looks where `ip monitor` cannot run. */
const POLL_MS = 5_000
/** Milliseconds before `ip monitor` is started again. */
const RESTART_MS = 30_000

/** Calls `onChange` whenever the addresses of this host changed, until the signal is aborted. */
export function watchNetwork(
  relays: readonly RelayConfig[],
  onChange: () => void,
  signal: AbortSignal,
  log: Logger,
): Network {
  let known = addresses()
  let settling: NodeJS.Timeout | undefined
  const look = () => {
    const now = addresses()
    if (now === known) return
    known = now
    onChange()
  }
  const lookSoon = () => {
    settling ??= setTimeout(() => {
      settling = undefined
      look()
    }, SETTLE_MS)
  }
  // ip-monitor(8) prints a line for each netlink event; the lines themselves do not matter.
  const start = () => {
    const monitor = spawn('ip', ['-o', 'monitor', 'link', 'address', 'route'], { stdio: ['ignore', 'pipe', 'ignore'] })
    const stop = () => monitor.kill()
    signal.addEventListener('abort', stop, { once: true })
    monitor.stdout.on('data', lookSoon)
    monitor.once('error', err =>
      log.warn({ err: err.message }, 'ip monitor does not run: looking at intervals instead'),
    )
    monitor.once('close', () => {
      signal.removeEventListener('abort', stop)
      if (!signal.aborted) restart = setTimeout(start, RESTART_MS)
    })
  }
  let restart: NodeJS.Timeout | undefined
  start()
  const poll = setInterval(look, POLL_MS)
  signal.addEventListener('abort', () => {
    clearInterval(poll)
    clearTimeout(settling)
    clearTimeout(restart)
  })
  const local = relays.every(({ host }) => isLoopback(host))
  return { linkUp: () => local || addresses() !== '' }
}

/** The addresses that reach further than their own cable, as one text to compare. */
function addresses(): string {
  return Object.entries(networkInterfaces())
    .flatMap(([name, list]) => (list ?? []).map(entry => ({ name, ...entry })))
    .filter(({ internal, address }) => !internal && !/^(fe80:|169\.254\.)/.test(address))
    .map(({ name, cidr }) => `${name} ${cidr}`)
    .sort()
    .join(', ')
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || (isIP(host) === 4 ? host.startsWith('127.') : host === '::1')
}
