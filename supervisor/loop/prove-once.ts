/** One round of proving: a login through the tunnel itself, or the self-test over a second connection, and what a failure means. */
import type { RelayConfig } from '../../formats/device-config.ts'
import { listenersOf } from '../../formats/listeners.ts'
import { type LoginOptions, type LoginResult, loginThrough, type Step } from '../proof/in-band-login.ts'
import { lookAt } from '../proof/local-look.ts'
import { type End, proveEnd } from '../proof/prove-end.ts'
import type { SelfTestResult } from '../proof/self-test.ts'
import type { Tunnel } from '../tunnel/establish.ts'
import type { Context } from './ports.ts'
import { loginAt } from './relay-login.ts'

/** What one round found. */
export type Proof = {
  steps: Step[]
  /** Milliseconds of the whole round. */
  tookMs: number
} & (
  | { ok: true; by: 'login' | 'self-test'; note: string | undefined }
  /**
   * `keep`: a new connection would not help, and would cut people off. `unreached`: why no second connection could be made,
   * where the relay does not say that others can.
   */
  | { ok: false; cause: string; keep: boolean; unreached?: string }
)

export type Mode = 'login' | 'self-test'

type Found = { ok: true; by: Mode; note?: string } | { ok: false; cause: string; keep: boolean; unreached?: string }

export interface ProveOnceOptions {
  context: Context
  /** Aborted when the tunnel ends or its listeners are to be closed. */
  over: AbortSignal
  /** Of the last round: until others can connect, a login through the tunnel alone proves nothing for them. */
  unreached?: string | undefined
  selfTest(over: AbortSignal): Promise<SelfTestResult>
}

/** Milliseconds of a round that are shown as slow; on an idle board a round takes less than one second. */
const SLOW_MS = 15_000

/**
 * A login through the tunnel proves the way back by itself. Where the self-test's second connection cannot be made, that login
 * decides, together with the relay's state that others can make one: a tunnel that works is not given up for it.
 */
export async function proveOnce(tunnel: Tunnel, mode: Mode, options: ProveOnceOptions): Promise<Proof> {
  const { context, over } = options
  const startedMs = context.clock.nowMs()
  const steps: Step[] = []
  const found = (proof: Found): Proof => {
    const tookMs = context.clock.nowMs() - startedMs
    if (!proof.ok) return { ...proof, steps, tookMs }
    const notes = [proof.note, tookMs > SLOW_MS ? 'the proof was slow: this device or its line is busy' : undefined]
    return { ...proof, note: notes.filter(note => note !== undefined).join('; ') || undefined, steps, tookMs }
  }
  // The fault on this device is being watched, and its end is reported: until then a proof would only wait for it.
  const known = context.localFault()
  if (known !== undefined) {
    steps.push({ name: 'this device', ok: false, detail: known, tookMs: 0 })
    return found({ ok: false, cause: known, keep: true })
  }
  let note = mode === 'login' ? options.unreached : undefined
  let canOthersConnect = note === undefined || (await relayListens(tunnel, options, steps))
  if (mode === 'self-test') {
    const tested = await options.selfTest(over)
    steps.push(...tested.steps)
    if (!tested.reached) {
      note = `new connections from this device to the relay fail: ${tested.failure.cause}`
      canOthersConnect = await relayListens(tunnel, options, steps)
    } else if (isFaultless(tested)) return found({ ok: true, by: 'self-test' })
    else note = `the self-test over a second connection failed: ${causeOf(tested)}`
  }
  const login = await loginThrough(tunnel.connection, loginOptionsOf(context, tunnel.relay, over))
  steps.push(...login.steps)
  if (!isFaultless(login)) {
    const local = await localFault(login, options)
    return found({ ok: false, cause: local ?? causeOf(login), keep: local !== undefined })
  }
  if (note === undefined) return found({ ok: true, by: 'login' })
  if (canOthersConnect) return found({ ok: true, by: 'login', note: `${note}; proved through the tunnel` })
  const cause = `${note}, and the relay does not say that others can connect`
  return found({ ok: false, cause, keep: true, unreached: note })
}

/** Asks on the control channel, because no connection can be made from here; also false if the relay cannot say. */
async function relayListens({ control }: Tunnel, { context, over }: ProveOnceOptions, steps: Step[]): Promise<boolean> {
  const { patience, clock } = context
  const startedMs = clock.nowMs()
  const answer = control && (await patience.proofStep([over], signal => control.listening(signal)))
  const ok = answer === 'yes'
  const detail = ok
    ? 'the relay says that its sshd listens'
    : `whether its sshd listens, the relay answers: ${answer ?? 'nothing'}`
  steps.push({ name: 'relay listens', ok, detail, tookMs: clock.nowMs() - startedMs })
  return ok
}

/** How a login through either connection to a relay is made. */
export function loginOptionsOf(context: Context, relay: RelayConfig, over: AbortSignal): LoginOptions {
  return { ...endOptionsOf(context, over), listeners: listenersOf(loginAt(context, relay).listenerPort) }
}

function endOptionsOf(context: Context, over: AbortSignal): Omit<LoginOptions, 'listeners'> {
  const { config, selftestKey, files, connect, clock, ownIdent, patience } = context
  return {
    ...{ config, key: selftestKey, files, connect, clock, ident: ownIdent },
    step: run => patience.proofStep([over], run),
  }
}

/** Milliseconds that sshd or the bridge has to greet on this device itself; a slow board gets more. */
export function greetMs({ patience }: Context): number {
  return Math.max(5_000, patience.stepMs / 4)
}

export function localPorts({ config }: Context): Record<End, number> {
  return { shell: config.shell.port, console: config.bridge.port }
}

/** What is wrong on this device, by the same steps without the relay; undefined if the fault is elsewhere. */
async function localFault({ faults }: LoginResult, { context, over }: ProveOnceOptions): Promise<string | undefined> {
  const { dialLocal, clock } = context
  const ports = localPorts(context)
  for (const end of Object.keys(faults) as End[]) {
    const fault = await lookAt(end, { ports, dialLocal, clock, greetMs: greetMs(context), signal: over })
    if (fault !== undefined) return fault
    const inner = await loginHere(end, context, over)
    if (inner !== undefined) return `on this device's own 127.0.0.1:${ports[end]}, ${inner}`
  }
  return undefined
}

/** The login of the proof without the relay, for a server that greets and then fails. */
async function loginHere(end: End, context: Context, over: AbortSignal): Promise<string | undefined> {
  const { patience, dialLocal } = context
  const dialled = await patience.proofStep([over], signal => dialLocal(localPorts(context)[end], signal))
  if (!dialled?.ok) return dialled?.cause ?? 'no answer in time'
  const stream = dialled.value
  const options = endOptionsOf(context, over)
  const found = await patience.proofStep([over], async signal => ({
    cause: await proveEnd(end, stream, { ...options, signal }),
  }))
  stream.destroy()
  return found === undefined ? 'the SSH server did not answer in time' : found.cause
}

function isFaultless({ faults }: LoginResult): boolean {
  return Object.keys(faults).length === 0
}

function causeOf({ faults }: LoginResult): string {
  return faults.shell ?? faults.console ?? 'nothing'
}
