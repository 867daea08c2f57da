/** What the log of vsftpd says, as transfers. */

import { basename } from 'node:path'
import { errorCode } from '../../runtime/errors.ts'
import type { Transfer, Transfers } from '../transfers.ts'
import type { DataPort, FtpEvent } from './log-line.ts'
import type { SentBytes } from './sent-bytes.ts'

interface Session {
  who: string
  dataPort?: DataPort
  /** Bytes at the beginning that a download leaves out. */
  offset: number
  asked?: { what: 'took' | 'put'; file: string }
  transfer?: Transfer
}

export interface Looks {
  /** Bytes of an upload; undefined where there is none. */
  stored(name: string): Promise<number | undefined>
  /** Of all connections of this address. */
  sent(): Promise<SentBytes[]>
}

export class FtpSessions {
  readonly #transfers: Transfers
  readonly #isAlive: (pid: number) => boolean
  readonly #sessions = new Map<number, Session>()

  constructor(transfers: Transfers, isAlive = doesLive) {
    this.#transfers = transfers
    this.#isAlive = isAlive
  }

  take(event: FtpEvent): void {
    const { pid, who } = event
    const session = this.#sessions.get(pid) ?? { who, offset: 0 }
    this.#sessions.set(pid, session)
    switch (event.kind) {
      case 'data-port':
        session.dataPort = event.at
        return
      case 'restart':
        session.offset = event.offset
        return
      case 'asked':
        // One that never ended was ended by its client.
        session.transfer?.end({ whole: false, why: 'the client ended it' })
        delete session.transfer
        session.asked = { what: event.what, file: event.file }
        return
      case 'begun':
        if (session.asked && !session.transfer) {
          const size = event.size === null ? null : Math.max(0, event.size - session.offset)
          session.transfer = this.#transfers.begin({ how: 'ftp', who, ...session.asked, bytes: null, size })
        }
        return
      case 'ended':
        this.#sessions.delete(pid)
        this.#ended(event, session.transfer)
        return
      default:
        event satisfies never
    }
  }

  #ended({ who, what, file, isDone, bytes }: FtpEvent & { kind: 'ended' }, known: Transfer | undefined): void {
    if (known === undefined && bytes === null) {
      const why =
        what === 'put' ? 'no upload here, or the name is taken' : 'no such file, or it is not for everybody to read'
      this.#transfers.refused({ how: 'ftp', who, file, why })
      return
    }
    const transfer = known ?? this.#transfers.begin({ how: 'ftp', who, what, file, bytes, size: null })
    Object.assign(transfer.running, { bytes, file })
    transfer.end(isDone ? { whole: true } : { whole: false, why: 'the connection ended, or no room was left' })
  }

  /** How far they are. vsftpd writes uploads under their name, from the start; of what it sends, the kernel knows. */
  async look({ stored, sent }: Looks): Promise<void> {
    for (const { who, asked, transfer, dataPort } of this.#sessions.values()) {
      if (asked === undefined || transfer === undefined) continue
      const { running } = transfer
      if (asked.what === 'put') running.bytes = (await stored(basename(asked.file))) ?? running.bytes
      else if (dataPort !== undefined) {
        const { end, port } = dataPort
        const own = (await sent()).find(
          ({ peer, peerPort, localPort }) => peer === who && (end === 'local' ? localPort : peerPort) === port,
        )
        // The count has one byte for the opening of the connection (RFC 9293, 3.4).
        if (own !== undefined) running.bytes = Math.min(Math.max(0, own.bytes - 1), running.size ?? own.bytes)
      }
    }
  }

  /** Ends what belongs to processes that are gone without a word. */
  sweep(): void {
    for (const [pid, { transfer }] of this.#sessions) {
      if (this.#isAlive(pid)) continue
      transfer?.end({ whole: false, why: 'its session ended' })
      this.#sessions.delete(pid)
    }
  }
}

/** Asks by a signal that is none: /proc hides from the unit what it may not look into (ProtectProc=). */
function doesLive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (err) {
    return errorCode(err) === 'EPERM'
  }
}
