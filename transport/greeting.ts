/** What both ends say first (RFC 4253, section 4.2), and what the first bytes of a connection say about who is there. */
import type { AddressFault } from './dial-failure.ts'

/** What sshd says in place of its greeting to one connection too many (sshd_config(5), MaxStartups and PerSourcePenalties). */
const TURNED_AWAY = /^(Exceeded MaxStartups|Not allowed at this time)/
/** A line of its own, perhaps after others. */
const GREETING = /(?:^|\n)SSH-(?:2\.0|1\.99)-[^\n]*\n/
/** Bytes without a greeting after which there will be none. */
const BEFORE_GREETING_MAX = 8_192

/** @param ident software name */
export function identification(ident: string): string {
  return `SSH-2.0-${ident}\r\n`
}

/**
 * @param first everything that came so far
 * @param isOver nothing more will come
 * @returns 'greeting' when a whole one is there, undefined while it may still come
 */
export function readGreeting(first: Buffer, isOver: boolean): 'greeting' | AddressFault | undefined {
  const text = first.toString('latin1')
  if (GREETING.test(text)) return 'greeting'
  if (TURNED_AWAY.test(text)) return { kind: 'turned-away' }
  if (/^(HTTP\/|<!DOCTYPE|<html)/i.test(text)) return { kind: 'not-ssh', which: 'http' }
  // A record of TLS begins with its kind, alert or handshake, and the version's major number (RFC 8446, section 5.1).
  if ((first[0] === 0x15 || first[0] === 0x16) && (first.length < 2 ? isOver : first[1] === 3)) {
    return { kind: 'not-ssh', which: 'tls' }
  }
  if (first.length > BEFORE_GREETING_MAX) return { kind: 'not-ssh', which: 'other' }
  if (!isOver) return undefined
  return first.length === 0 ? { kind: 'closed' } : { kind: 'not-ssh', which: 'other' }
}
