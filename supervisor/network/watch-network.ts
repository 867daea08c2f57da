/** The network's own events: an address, a default route or a carrier that comes, goes or changes. */
import { spawn } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { isIP } from 'node:net'
import { networkInterfaces } from 'node:os'
import type { RelayConfig } from '../../formats/device-config.ts'
import { errorMessage } from '../../runtime/errors.ts'
import type { Logger } from '../../runtime/log.ts'

export interface WatchedNetwork {
  /** False when no interface has an address that could reach a relay. */
  linkUp(): boolean
  /** Whether this device has that address now. */
  hasAddress(address: string): boolean
  /** Every relay is on this machine. */
  isLocal: boolean
}

/** Milliseconds in which the many events of one change (link, address, route) become one. */
const SETTLE_MS = 300
/** The least time between two notices in milliseconds; a change of the addresses is reported after one second. */
const PACE_MS = { addresses: 1_000, others: 3_000 }
/** Milliseconds between two checks, in case `ip monitor` cannot run or reports nothing. */
const POLL_MS = 2_000
/** Milliseconds before `ip monitor` is started again. */
const RESTART_MS = 30_000

/** Calls `onChange` whenever this host's network differs from before, until the signal is aborted. */
export function watchNetwork(
  relays: readonly RelayConfig[],
  onChange: () => void,
  signal: AbortSignal,
  log: Logger,
): WatchedNetwork {
  let known = { addresses: addressesText(), others: othersText() }
  let toldAtMs = Number.NEGATIVE_INFINITY
  let timer: NodeJS.Timeout | undefined
  const look = () => {
    timer = undefined
    const now = { addresses: addressesText(), others: othersText() }
    const isOther = now.addresses !== known.addresses
    if (!isOther && now.others === known.others) return
    const waitMs = toldAtMs + PACE_MS[isOther ? 'addresses' : 'others'] - performance.now()
    // A difference is kept until it is reported; one that was undone meanwhile is not reported.
    if (waitMs > 0) return lookIn(waitMs)
    known = now
    toldAtMs = performance.now()
    onChange()
  }
  const lookIn = (ms: number) => {
    timer ??= setTimeout(look, ms)
  }
  let restart: NodeJS.Timeout | undefined
  // ip-monitor(8) prints a line for each netlink event; the lines themselves do not matter.
  const start = () => {
    const monitor = spawn('ip', ['-o', 'monitor', 'link', 'address', 'route'], { stdio: ['ignore', 'pipe', 'ignore'] })
    const stop = () => monitor.kill()
    signal.addEventListener('abort', stop, { once: true })
    monitor.stdout?.on('data', () => lookIn(SETTLE_MS))
    monitor.once('error', err =>
      log.warn({ cause: errorMessage(err) }, 'ip monitor does not run: looking at intervals instead'),
    )
    monitor.once('close', () => {
      signal.removeEventListener('abort', stop)
      if (!signal.aborted) restart = setTimeout(startSafely, RESTART_MS)
    })
  }
  const startSafely = () => {
    try {
      start()
    } catch (err) {
      // Without descriptors, spawn throws.
      log.warn({ cause: errorMessage(err) }, 'ip monitor does not run: looking at intervals instead')
      restart = setTimeout(startSafely, RESTART_MS)
    }
  }
  startSafely()
  const poll = setInterval(() => lookIn(0), POLL_MS)
  signal.addEventListener('abort', () => {
    clearInterval(poll)
    clearTimeout(timer)
    clearTimeout(restart)
  })
  const isLocal = relays.every(({ host }) => isLoopback(host))
  return { linkUp: () => isLocal || addressesText() !== '', hasAddress, isLocal }
}

/** The addresses that reach further than their own cable, as one text to compare. */
function addressesText(): string {
  return interfaces()
    .filter(({ internal, address }) => !internal && !/^(fe80:|169\.254\.)/.test(address))
    .map(({ name, cidr }) => `${name} ${cidr}`)
    .sort()
    .join(', ')
}

function hasAddress(address: string): boolean {
  const plain = address.replace(/^::ffff:/, '')
  return interfaces().some(entry => entry.address === plain)
}

function interfaces() {
  try {
    return Object.entries(networkInterfaces()).flatMap(([name, list]) =>
      (list ?? []).map(entry => ({ name, ...entry })),
    )
  } catch {
    // Without descriptors it throws: no news is no change.
    return []
  }
}

/** Default routes and carriers, as one text to compare. */
function othersText(): string {
  const v4 = read('/proc/net/route')
    .split('\n')
    .map(line => line.split('\t'))
    .filter(([, destination, , , , , , mask]) => destination === '00000000' && mask === '00000000')
    .map(([name, , gateway, , , , metric]) => `${name} ${gateway} ${metric}`)
  const v6 = read('/proc/net/ipv6_route')
    .split('\n')
    .filter(line => /^0{32} 00 /.test(line) && !/\slo$/.test(line))
    .map(line => {
      const fields = line.trim().split(/\s+/)
      return `${fields.at(-1)} ${fields[4]} ${fields[5]}`
    })
  const carriers = listed('/sys/class/net')
    .filter(name => name !== 'lo')
    .map(name => `${name} ${read(`/sys/class/net/${name}/carrier`).trim()}`)
  return [...v4, ...v6, ...carriers].sort().join(', ')
}

/** What cannot be read, such as the carrier of an interface that is down, is nothing. */
function read(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}

function listed(directory: string): string[] {
  try {
    return readdirSync(directory)
  } catch {
    return []
  }
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || (isIP(host) === 4 ? host.startsWith('127.') : host === '::1')
}
