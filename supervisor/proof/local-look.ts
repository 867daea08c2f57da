/** Checks this device's own sshd and bridge on 127.0.0.1, without the relay: reconnecting does not cure a fault here. */
import type { Clock } from '../../runtime/clock.ts'
import { within } from '../../runtime/waiting.ts'
import type { DialLocal } from '../network/dial-local.ts'
import { greets } from './probe.ts'
import type { End } from './prove-end.ts'

export interface LookOptions {
  ports: Record<End, number>
  dialLocal: DialLocal
  clock: Clock
  /** Milliseconds for it to greet. */
  greetMs: number
  signal: AbortSignal
}

const WHO = {
  shell: { who: 'sshd', unit: 'ssh' },
  console: { who: 'console bridge', unit: 'oobm-console' },
} as const

/** What is wrong with one end, as part of a sentence; undefined if it greets as an SSH server. */
export async function lookAt(end: End, options: LookOptions): Promise<string | undefined> {
  const { ports, dialLocal, clock, greetMs, signal } = options
  const port = ports[end]
  const { who, unit } = WHO[end]
  const see = `systemctl status ${unit}`
  const look = async (signal: AbortSignal) => {
    const dialled = await dialLocal(port, signal)
    if (!dialled.ok) return `does not answer on 127.0.0.1:${port} (${dialled.cause})`
    try {
      const problem = await greets(dialled.value, signal)
      return problem === undefined ? undefined : `accepts connections on 127.0.0.1:${port} and sends no SSH greeting`
    } finally {
      dialled.value.destroy()
    }
  }
  const outcome = await within(greetMs, [signal], look, { clock })
  if (outcome.kind === 'aborted') return undefined
  const problem = outcome.kind === 'timeout' ? `does not answer on 127.0.0.1:${port} in time` : outcome.value
  return problem && `this device's ${who} ${problem}: ${see}`
}
