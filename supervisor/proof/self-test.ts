/** The loopback self-test: a second connection to the relay, back into this device, and a file that must appear. */
import type { Failure } from '../failure.ts'
import type { Connection } from '../ssh/connection.ts'
import { type LoginOptions, type LoginResult, loginThrough, type Step } from './in-band-login.ts'

export type SelfTestResult =
  /** The second connection was made: what each end showed through it. */
  | ({ reached: true } & LoginResult)
  /** It could not be made; that says nothing about the tunnel. */
  | { reached: false; failure: Failure; steps: Step[] }

export interface SelfTestOptions extends LoginOptions {
  /** `host:port` of the relay, for people. */
  where: string
  /** A fresh login at the relay, bounded by its own deadlines. */
  reach(): Promise<{ ok: true; connection: Connection } | { ok: false; failure: Failure }>
}

/** Runs every step that can be run; never rejects for what a network, a relay or an sshd can do. */
export async function selfTest(options: SelfTestOptions): Promise<SelfTestResult> {
  const { where, reach, clock } = options
  const startedMs = clock.nowMs()
  const reached = await reach()
  const tookMs = clock.nowMs() - startedMs
  if (!reached.ok) {
    const { failure } = reached
    return { reached: false, failure, steps: [{ name: 'relay', ok: false, detail: failure.cause, tookMs }] }
  }
  const { connection } = reached
  const first: Step = { name: 'relay', ok: true, detail: `logged in to ${where} a second time`, tookMs }
  try {
    const { steps, faults } = await loginThrough(connection, options)
    return { reached: true, steps: [first, ...steps], faults }
  } finally {
    await options.step(signal => connection.end(signal))
    connection.destroy()
  }
}
