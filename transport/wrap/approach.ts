/** How a stream to an address comes about, layer by layer: each layer is built on the one below it. */
import type { Clock } from '../../runtime/clock.ts'
import { within } from '../../runtime/waiting.ts'
import type { AddressFault } from '../dial-failure.ts'
import type { OpenedStream, OpenStream, StreamTarget } from '../open-stream.ts'
import type { Certificate } from '../way.ts'

export interface ApproachTarget extends StreamTarget {
  /** Called with the fault that a failure at this moment would be; the last one counts. */
  note(fault: AddressFault): void
}

export interface ApproachedStream extends OpenedStream {
  /** Of the TLS server on the way, if there is one. */
  certificate?: Certificate
}

export type Approached = ({ ok: true } & ApproachedStream) | { ok: false; fault: AddressFault }

/** What holds for {@link OpenStream} holds for it: it settles, never rejects, and leaves nothing behind when aborted. */
export type Approach = (target: ApproachTarget) => Promise<Approached>

export const NO_ANSWER: Approached = { ok: false, fault: { kind: 'no-answer' } }

/** The layer at the bottom: TCP, within milliseconds of its own. */
export function tcpWithin(open: OpenStream, synMs: number, clock: Clock): Approach {
  return async ({ address, port, signal }) => {
    const outcome = await within(synMs, [signal], deadline => open({ address, port, signal: deadline }), {
      clock,
      discard: late => late.ok && late.stream.destroy(),
    })
    return outcome.kind === 'done' ? outcome.value : NO_ANSWER
  }
}
