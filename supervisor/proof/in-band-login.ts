/** The in-band login: through the tunnel's own connection into the own listeners, and in. It needs no new connection to the relay. */
import type { Connection } from '../ssh/connection.ts'
import { type End, type ProveOptions, proveEnd } from './prove-end.ts'

export interface Step {
  name:
    | 'this device'
    | 'relay'
    | 'relay listens'
    | 'shell listener'
    | 'shell login'
    | 'console listener'
    | 'console host key'
  ok: boolean
  /** What was found, as a sentence part. */
  detail: string
  tookMs: number
}

export interface LoginOptions extends Omit<ProveOptions, 'signal'> {
  listeners: Record<End, number>
  /** Bounds one step: every step has a deadline of its own. */
  step<T>(run: (signal: AbortSignal) => Promise<T>): Promise<T | undefined>
}

export interface LoginResult {
  steps: Step[]
  /** What is wrong with each end that is not proved. */
  faults: Partial<Record<End, string>>
}

/** Logs in by both ways at once through a connection to the relay: the tunnel's own, or a second one. */
export async function loginThrough(connection: Connection, options: LoginOptions): Promise<LoginResult> {
  const ends = ['shell', 'console'] as const
  const found = await Promise.all(
    ends.map(async end => {
      const steps: Step[] = []
      return { end, fault: await oneEnd(connection, end, options, steps), steps }
    }),
  )
  const faults: LoginResult['faults'] = {}
  for (const { end, fault } of found) if (fault !== undefined) faults[end] = fault
  return { steps: found.flatMap(({ steps }) => steps), faults }
}

async function oneEnd(
  connection: Connection,
  end: End,
  options: LoginOptions,
  steps: Step[],
): Promise<string | undefined> {
  const { listeners, clock, step } = options
  const listener = listeners[end]
  let startedMs = clock.nowMs()
  const record = (name: Step['name'], cause: string | undefined, good: string) => {
    steps.push({ name, ok: cause === undefined, detail: cause ?? good, tookMs: clock.nowMs() - startedMs })
    startedMs = clock.nowMs()
    return cause
  }
  const opened = await step(signal => connection.open(listener, signal))
  const problem = opened?.ok
    ? undefined
    : `the relay cannot open its listener ${listener}: ${opened?.cause ?? 'no answer in time'}`
  record(`${end} listener`, problem, `127.0.0.1:${listener} on the relay opens`)
  if (!opened?.ok) return problem
  const stream = opened.value
  const cause = await step(async signal => ({ cause: await proveEnd(end, stream, { ...options, signal }) }))
  stream.destroy()
  const found = cause === undefined ? 'the SSH server did not answer in time' : cause.cause
  const [name, good] =
    end === 'shell'
      ? (['shell login', 'logged in through it, and the marker file appeared'] as const)
      : (['console host key', 'the console bridge answers with its own host key'] as const)
  record(name, found, good)
  return found && `through listener ${listener}, ${found}`
}
