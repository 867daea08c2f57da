/** What the log of vsftpd says, as transfers. */

import { basename } from 'node:path'
import { errorCode } from '../../runtime/errors.ts'
import type { Transfer, Transfers } from '../transfers.ts'
import type { FtpEvent } from './log-line.ts'

interface Session {
  asked: { what: 'took' | 'put'; file: string }
  transfer?: Transfer
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
    const session = this.#sessions.get(pid)
    switch (event.kind) {
      case 'asked':
        // One that never ended was ended by its client.
        session?.transfer?.end({ whole: false, why: 'the client ended it' })
        this.#sessions.set(pid, { asked: { what: event.what, file: event.file } })
        return
      case 'begun':
        if (session && !session.transfer)
          session.transfer = this.#transfers.begin({ how: 'ftp', who, ...session.asked, bytes: null, size: event.size })
        return
      case 'ended':
        this.#sessions.delete(pid)
        this.#ended(event, session?.transfer)
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

  /** How far uploads are: vsftpd writes under the name, from the start. @param bytesOf of an upload; undefined where there is none */
  async look(bytesOf: (name: string) => Promise<number | undefined>): Promise<void> {
    for (const { asked, transfer } of this.#sessions.values()) {
      if (asked.what !== 'put' || transfer === undefined) continue
      const bytes = await bytesOf(basename(asked.file))
      if (bytes !== undefined) transfer.running.bytes = bytes
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
