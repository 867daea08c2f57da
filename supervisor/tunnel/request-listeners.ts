/** Asks the relay for the device's listeners, and ends the device's own stale sessions where one holds them. */
import type { Clock } from '../../runtime/clock.ts'
import type { Failure } from '../failure.ts'
import type { Connection } from '../ssh/connection.ts'
import { evict } from './device-commands.ts'
import type { Route } from './forward-channels.ts'

/** Tries after an eviction, and milliseconds between them: a session that was told to end needs a moment. */
const TRIES_AFTER_EVICTION = 20
const PAUSE_MS = 150

export interface RequestOptions {
  routes: readonly Route[]
  /** False if the relay does not know the device commands, or if an older session is to keep its place. */
  mayEvict: boolean
  clock: Clock
  signal: AbortSignal
  onEvicted(count: number): void
}

/** Resolves with undefined when this device has every listener. */
export async function requestListeners(connection: Connection, options: RequestOptions): Promise<Failure | undefined> {
  for (const route of options.routes) {
    const answer = await connection.listen(route.listener, options.signal)
    const failure = answer === 'refused' ? await takeBack(connection, route, options) : unanswered(answer)
    if (failure) return failure
  }
  return undefined
}

/** sshd gives the same answer for "taken" and "not permitted": only the eviction distinguishes them. */
async function takeBack(connection: Connection, route: Route, options: RequestOptions): Promise<Failure | undefined> {
  const { mayEvict, clock, signal, onEvicted } = options
  const where = `listener 127.0.0.1:${route.listener} (${route.name})`
  if (!mayEvict) {
    const cause = `the relay does not give ${where}: it is taken or not permitted, and this relay does not say which`
    return { state: 'refused', cause }
  }
  const evicted = await evict(connection, signal)
  if (evicted === undefined) {
    return { state: 'no-relay', cause: 'the relay stopped answering while it ended old sessions of this device' }
  }
  if (evicted > 0) onEvicted(evicted)
  for (let tries = 0; tries < (evicted > 0 ? TRIES_AFTER_EVICTION : 1); tries++) {
    const answer = await connection.listen(route.listener, signal)
    if (answer !== 'refused') return unanswered(answer)
    await clock.sleep(PAUSE_MS, signal)
    if (signal.aborted) break
  }
  if (evicted > 0) return { state: 'stale', cause: `an old session still holds ${where} although it was told to end` }
  const cause = `the relay does not give ${where}: this key may not use it, or another program on the relay holds it`
  return { state: 'refused', cause }
}

function unanswered(answer: 'granted' | 'refused' | 'unanswered'): Failure | undefined {
  if (answer === 'granted') return undefined
  return { state: 'no-relay', cause: 'the relay stopped answering the request for the listeners' }
}

/**
 * Cancels the listeners; false if the relay does not confirm it.
 * @param wasAsked it was asked before, without an answer: sshd refuses to cancel what it has cancelled meanwhile
 */
export async function cancelListeners(
  connection: Connection,
  routes: readonly Route[],
  { wasAsked, signal }: { wasAsked: boolean; signal: AbortSignal },
): Promise<boolean> {
  const answers = await Promise.all(routes.map(({ listener }) => connection.unlisten(listener, signal)))
  return answers.every(answer => answer === 'cancelled' || (wasAsked && answer === 'refused'))
}
