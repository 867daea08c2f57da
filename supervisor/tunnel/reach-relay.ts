/** A login at a relay over a fresh connection, or the reason why there is none. */

import type { RelayConfig } from '../../formats/device-config.ts'
import type { Clock } from '../../runtime/clock.ts'
import { within } from '../../runtime/waiting.ts'
import type { Dial } from '../../transport/dial.ts'
import type { DialFailure } from '../../transport/dial-failure.ts'
import type { Via, Way } from '../../transport/way.ts'
import type { Failure } from '../failure.ts'
import type { Blame } from '../network/rung-order.ts'
import type { Connect, Connection, Credentials, Fault } from '../ssh/connection.ts'

/** `via`: the way by which it came; `blame`: whether another way may help. */
export type Reached = { ok: true; connection: Connection; via: Way } | { ok: false; failure: Failure; blame: Blame }

export interface ReachOptions {
  relay: RelayConfig
  credentials: Credentials
  dial: Dial
  connect: Connect
  clock: Clock
  /** Milliseconds for the TCP connection to come about. */
  synMs: number
  /** Milliseconds for the relay to greet after the TCP connection. */
  greetMs: number
  /** Milliseconds for the login. */
  stepMs: number
  via?: Via
  /** Aborted when nobody wants it any more. */
  signal: AbortSignal
  /** Software name in our identification string (RFC 4253, section 4.2). */
  ident?: string
}

/** Milliseconds by which the dialler may exceed its own deadline, so that its cause is the one that is reported. */
const SLACK_MS = 1_000

/** Never rejects, whatever a network or a relay does. */
export async function reachRelay(options: ReachOptions): Promise<Reached> {
  const { relay, credentials, dial, connect, clock, synMs, greetMs, stepMs, via, signal, ident = 'oobm' } = options
  const { host, port, user, hostKeys } = relay
  const timeoutMs = synMs + greetMs
  const dialling = await within(
    timeoutMs + SLACK_MS,
    [signal],
    deadline => dial({ host, port, ...(via && { via }), timeoutMs, synMs, ident, signal: deadline }),
    { clock, discard: late => late.ok && late.transport.stream.destroy() },
  )
  if (dialling.kind !== 'done') {
    return {
      ok: false,
      failure: {
        state: 'no-relay',
        cause: `${host}:${port} does not answer: port ${port} may be blocked on this network`,
      },
      blame: 'network',
    }
  }
  const dialled = dialling.value
  if (!dialled.ok) {
    const { kind, cause } = dialled.failure
    return {
      ok: false,
      failure: { state: 'no-relay', cause, ...(kind === 'turned-away' && { turnedAway: true }) },
      blame: DIAL_BLAME[kind],
    }
  }
  const { stream, localAddress } = dialled.transport
  const login = { stream, localAddress, user, credentials, hostKeys, ident, nowMs: clock.nowMs }
  const outcome = await within(stepMs, [signal], deadline => connect({ ...login, signal: deadline }), {
    clock,
    discard: late => late.ok && late.connection.destroy(),
  })
  if (outcome.kind !== 'done') stream.destroy()
  else if (outcome.value.ok) return { ...outcome.value, via: dialled.transport.via }
  const fault: Fault =
    outcome.kind === 'done' && !outcome.value.ok ? outcome.value.fault : { kind: 'silent', detail: '' }
  return { ok: false, failure: explain(fault, relay, credentials), blame: LOGIN_BLAME[fault.kind] }
}

const DIAL_BLAME = {
  ...{ 'dns-missing': 'network', 'dns-silent': 'network', 'no-answer': 'network', 'no-route': 'network' },
  ...{
    refused: 'network',
    local: 'network',
    closed: 'way',
    silent: 'way',
    'not-ssh': 'way',
    'no-tls': 'way',
    tls: 'way',
  },
  ...{ certificate: 'way', proxy: 'way', 'proxy-login': 'way', 'turned-away': 'relay' },
} as const satisfies Record<DialFailure['kind'], Blame>

const LOGIN_BLAME = {
  // A network may also put an SSH server of its own there.
  ...{ 'host-key': 'way', 'not-ssh': 'way', silent: 'way', closed: 'way' },
  ...{ authentication: 'relay', algorithms: 'relay', 'own-key': 'relay' },
} as const satisfies Record<Fault['kind'], Blame>

function explain({ kind, detail }: Fault, { host, port, user }: RelayConfig, credentials: Credentials): Failure {
  const where = `${host}:${port}`
  switch (kind) {
    case 'host-key':
      return {
        state: 'refused',
        cause: `${where} shows host key ${detail}, which is not the pinned one: nothing was sent to it`,
      }
    case 'authentication': {
      const how = credentials.privateKey === undefined ? 'password' : 'key'
      const whose = credentials.of === undefined ? `this device's ${how}` : `the ${how} of ${credentials.of}`
      return { state: 'refused', cause: `${where} does not accept the login ${user} with ${whose}` }
    }
    case 'algorithms':
      return {
        state: 'refused',
        cause: `${where} and this device have no host key type or cipher in common: ${detail}`,
      }
    case 'own-key':
      return { state: 'refused', cause: `this device's own key cannot be used: ${detail}` }
    case 'not-ssh':
      return {
        state: 'no-relay',
        cause: `${where} is answered by something that is not an SSH server: a captive portal or a proxy?`,
      }
    case 'silent':
      return {
        state: 'no-relay',
        cause: `${where} stops answering during the login: large packets are lost on the way (MTU), or it hangs`,
      }
    case 'closed':
      return { state: 'no-relay', cause: `the connection to ${where} broke during the login: ${detail}` }
    default:
      return kind satisfies never
  }
}
