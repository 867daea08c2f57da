/** Asks the relay for the device's listeners, and ends the device's own stale sessions where one holds them. */
import { setTimeout as delay } from 'node:timers/promises'
import type { Client } from 'ssh2'
import { evict } from './device-words.ts'
import type { Route } from './forward-channels.ts'
import type { Failure } from './open-connection.ts'

/** The literal address: sshd matches it as text against its permits, and `localhost` may bind ::1 alone. */
export const LOOPBACK = '127.0.0.1'

/** Tries after an eviction, and milliseconds between them: a session that was told to end needs a moment. */
const TRIES_AFTER_EVICTION = 20
const PAUSE_MS = 150

export interface RequestOptions {
  routes: readonly Route[]
  /** False where the relay does not know the device words. */
  mayEvict: boolean
  signal: AbortSignal
  onEvicted(count: number): void
}

/** Resolves with undefined when every listener is ours. */
export async function requestListeners(client: Client, options: RequestOptions): Promise<Failure | undefined> {
  for (const route of options.routes) {
    if (await forwardIn(client, route.listener, options.signal)) continue
    const failure = await takeBack(client, route, options)
    if (failure) return failure
  }
  return undefined
}

/** sshd gives one and the same answer for "taken" and "not permitted": only the eviction tells them apart. */
async function takeBack(client: Client, route: Route, options: RequestOptions): Promise<Failure | undefined> {
  const { mayEvict, signal, onEvicted } = options
  const where = `listener ${LOOPBACK}:${route.listener} (${route.name})`
  if (!mayEvict) {
    const cause = `the relay does not give ${where}: it is taken or not permitted, and this relay cannot say which`
    return { word: 'refused', cause }
  }
  const evicted = await evict(client, signal)
  if (evicted === undefined)
    return { word: 'no-relay', cause: 'the relay stopped answering while it was asked to evict' }
  if (evicted > 0) onEvicted(evicted)
  for (let tries = 0; tries < (evicted > 0 ? TRIES_AFTER_EVICTION : 1); tries++) {
    if (await forwardIn(client, route.listener, signal)) return undefined
    await delay(PAUSE_MS, undefined, { signal }).catch(() => {})
    if (signal.aborted) break
  }
  if (evicted > 0) return { word: 'stale', cause: `an old session still holds ${where} although it was told to end` }
  const cause = `the relay does not give ${where}: not permitted to this key, or held by somebody else's program`
  return { word: 'refused', cause }
}

/** Gives the listeners back (cancel-tcpip-forward, RFC 4254, section 7.1); false when the relay does not say that they are gone. */
export async function cancelListeners(client: Client, routes: readonly Route[], signal: AbortSignal): Promise<boolean> {
  const answers = routes.map(({ listener }) => {
    return new Promise<boolean>(resolve => {
      signal.addEventListener('abort', () => resolve(false), { once: true })
      try {
        client.unforwardIn(LOOPBACK, listener, err => resolve(err === undefined || err === null))
      } catch {
        resolve(false)
      }
    })
  })
  return (await Promise.all(answers)).every(gone => gone)
}

/** tcpip-forward (RFC 4254, section 7.1). A dead client counts as "no": its close says why. */
function forwardIn(client: Client, port: number, signal: AbortSignal): Promise<boolean> {
  return new Promise(resolve => {
    signal.addEventListener('abort', () => resolve(false), { once: true })
    try {
      client.forwardIn(LOOPBACK, port, err => resolve(err === undefined || err === null))
    } catch {
      resolve(false)
    }
  })
}
