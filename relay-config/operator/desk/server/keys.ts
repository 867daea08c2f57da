/** Who gets into the desk: tokens for one entrance each, which become the session's secret; nothing of it is a cookie. */
import { randomBytes, timingSafeEqual } from 'node:crypto'
import type { Clock } from '../../../../runtime/clock.ts'

/** Milliseconds that a token is good for: a browser that starts cold takes a few seconds. */
export const TOKEN_MS = 60_000
/** Bytes of a token and of the secret: too many to guess, so that wrong ones need no lock, which anybody could close. */
const KEY_BYTES = 32

export interface DeskKeys {
  /** A new token; those before it stay good for their time. */
  makeToken(): string
  /** @returns the session's secret for a token that is good, which it is no longer then */
  enter(token: string): string | undefined
  isSecret(text: string): boolean
}

/** @param clock of which the time alone is used */
export function createKeys(clock: Pick<Clock, 'nowMs'>): DeskKeys {
  const secret = newKey()
  const tokens = new Map<string, number>()
  const dropOld = () => {
    for (const [token, untilMs] of tokens) if (untilMs <= clock.nowMs()) tokens.delete(token)
  }
  return {
    makeToken: () => {
      dropOld()
      const token = newKey()
      tokens.set(token, clock.nowMs() + TOKEN_MS)
      return token
    },
    enter: given => {
      dropOld()
      const found = [...tokens.keys()].find(token => isSame(token, given))
      if (found === undefined) return undefined
      tokens.delete(found)
      return secret
    },
    isSecret: given => isSame(secret, given),
  }
}

function newKey(): string {
  return randomBytes(KEY_BYTES).toString('hex')
}

/** In the same time wherever they differ. */
function isSame(key: string, given: string): boolean {
  const [a, b] = [Buffer.from(key), Buffer.from(given)]
  return a.length === b.length && timingSafeEqual(a, b)
}
