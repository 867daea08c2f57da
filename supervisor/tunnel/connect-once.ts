/** One tunnel from its beginning to its end, with a typed reason; whether to try again is the caller's to decide. */
import type { Client } from 'ssh2'
import { type DeviceConfig, intervalsOf, listenersOf, type RelayConfig } from '../../runtime/device-config.ts'
import { errorMessage } from '../../runtime/errors.ts'
import type { Logger } from '../../runtime/log.ts'
import { withDeadline } from '../../runtime/with-deadline.ts'
import type { Control, RelayOrder } from './control-channel.ts'
import { claim } from './device-words.ts'
import { type Forwarding, forwardChannels, type Route } from './forward-channels.ts'
import { type Credentials, type Failure, openConnection } from './open-connection.ts'
import { cancelListeners, requestListeners } from './request-listeners.ts'

export type Ending =
  /** It never came up. */
  | { kind: 'failed'; failure: Failure }
  /** It was up, and the connection ended. */
  | { kind: 'lost'; cause: string }
  /** It was up, and was given up because the way back could not be proved. */
  | { kind: 'unproved'; cause: string }
  /** The relay sends the device to another one of its relays. */
  | { kind: 'redirected'; relay: RelayConfig }
  /** We were told to stop. */
  | { kind: 'stopped' }

/** A connection that the relay has claimed as this device's. */
export interface Tunnel {
  client: Client
  relay: RelayConfig
  routes: readonly Route[]
  forwarding: Forwarding
  /** Undefined where the relay does not know the device words. */
  control: Control | undefined
  /** Asks for all listeners; gives why they are not ours. */
  openListeners(signal: AbortSignal): Promise<Failure | undefined>
  /**
   * Lets nobody in any more, gives the listeners back and ends who is in; true when none is left.
   * @param farewell may take leave of people on consoles before; returns when they know
   */
  closeListeners(signal: AbortSignal, farewell: (signal: AbortSignal) => Promise<unknown>): Promise<boolean>
  /** Aborted when the connection is gone; `endCause` then says why. */
  ended: AbortSignal
  endCause(): string
}

export interface ConnectOptions {
  config: DeviceConfig
  relay: RelayConfig
  credentials: Credentials
  /** 32 lower-case hex digits, new at each start of the supervisor. */
  token: string
  /** Our own self-tests begin with it. */
  ownIdent: string
  signal: AbortSignal
  onSessions(): void
  /** What the relay says, beginning with whether maintenance is off, before any listener is asked for. */
  onOrder(order: RelayOrder): void
  log: Logger
}

/** Milliseconds in which people on consoles are told that it ends: an operator who switches off waits for it. */
const FAREWELL_MS = 700
/** Milliseconds that a connection has to say goodbye before its socket is cut. */
const GOODBYE_MS = 1_000

/** Connects, claims, and hands the tunnel to `whileUp` until that or the connection ends. */
export async function connectOnce(
  options: ConnectOptions,
  whileUp: (tunnel: Tunnel) => Promise<Ending>,
): Promise<Ending> {
  const { config, relay, credentials, signal, log } = options
  const timeoutMs = config.intervals.timeoutS * 1000
  const opened = await withDeadline(timeoutMs, [signal], deadline =>
    openConnection({ relay, credentials, keepaliveMs: intervalsOf(config).keepaliveS * 1000, signal: deadline }),
  )
  if (signal.aborted) return { kind: 'stopped' }
  if (!opened.ok) return { kind: 'failed', failure: opened.failure }
  const { client } = opened
  const ended = new AbortController()
  let endCause = 'the relay closed the connection'
  client.on('error', err => {
    endCause = explainEnd(err, config)
  })
  client.once('close', () => ended.abort())
  try {
    const tunnel = await withDeadline(timeoutMs, [signal, ended.signal], deadline =>
      establish(client, deadline, ended.signal, () => endCause, options),
    )
    if (signal.aborted) return { kind: 'stopped' }
    if ('word' in tunnel) return { kind: 'failed', failure: tunnel }
    log.info({ relay: relay.host, port: relay.port }, 'connected and claimed')
    return await whileUp(tunnel)
  } finally {
    await goodbye(client, ended.signal)
  }
}

async function establish(
  client: Client,
  deadline: AbortSignal,
  ended: AbortSignal,
  endCause: () => string,
  { config, relay, token, ownIdent, onSessions, onOrder, log }: ConnectOptions,
): Promise<Tunnel | Failure> {
  const claimed = await claim(client, token, deadline)
  if (claimed.kind === 'superseded') {
    const cause = 'another device with this identity started later and holds the place: this one does not take it back'
    return { word: 'duplicate', cause }
  }
  if (claimed.kind === 'unknown') {
    log.warn(
      { relay: relay.host, detail: claimed.detail },
      'the relay does not know the device words: no eviction there',
    )
  }
  const routes = routesOf(config)
  const forwarding = forwardChannels(client, { routes, ownIdent, onChange: onSessions, log })
  if (ended.aborted) return { word: 'no-relay', cause: endCause() }
  if (deadline.aborted) return { word: 'no-relay', cause: 'the relay stopped answering after the login' }
  const control = claimed.kind === 'claimed' ? claimed.control : undefined
  if (control) control.listen(onOrder)
  // A relay without the words has no maintenance to switch off.
  else onOrder({ word: 'maintenance', off: false })
  let held = false
  return {
    ...{ client, relay, routes, forwarding, control, ended, endCause },
    openListeners: async signal => {
      if (held) return undefined
      forwarding.letIn(true)
      const onEvicted = (count: number) =>
        log.info({ relay: relay.host, count }, 'evicted stale sessions of this device')
      const mayEvict = claimed.kind === 'claimed'
      const failure = await requestListeners(client, { routes, mayEvict, signal, onEvicted })
      held = failure === undefined
      return failure
    },
    closeListeners: async (signal, farewell) => {
      forwarding.letIn(false)
      if (forwarding.sessions().console > 0) {
        await withDeadline(FAREWELL_MS, [signal], async deadline => {
          await farewell(deadline)
          await forwarding.consolesLeft(deadline)
        })
      }
      forwarding.endAll()
      if (!held) return true
      held = !(await cancelListeners(client, routes, signal))
      return !held
    },
  }
}

function routesOf(config: DeviceConfig): Route[] {
  const listeners = listenersOf(config)
  return [
    { name: 'shell', listener: listeners.shell, target: config.shell.port },
    { name: 'console', listener: listeners.console, target: config.bridge.port },
  ]
}

function explainEnd(err: Error, config: DeviceConfig): string {
  const level = (err as Error & { level?: string }).level
  if (level === 'client-timeout') return `the relay answered no keepalive for ${intervalsOf(config).keepaliveS * 3} s`
  return `the connection to the relay broke: ${errorMessage(err)}`
}

/** Takes leave of the relay, so that it frees the listeners at once, and never waits for one that is gone. */
async function goodbye(client: Client, ended: AbortSignal): Promise<void> {
  if (!ended.aborted) {
    client.end()
    await withDeadline(GOODBYE_MS, [ended], deadline => {
      return new Promise<void>(resolve => {
        if (deadline.aborted) resolve()
        deadline.addEventListener('abort', () => resolve(), { once: true })
      })
    })
  }
  client.destroy()
}
