/** Brings what a relay offers to `oobm-apply`, and brings back what became of it. The supervisor itself changes no setting. */
import type { RelayConfig } from '../../formats/device-config.ts'
import { formatSettingsAnswer, type SettingsAnswer, type SettingsOffer } from '../../formats/settings-delivery.ts'
import type { Clock } from '../../runtime/clock.ts'
import type { Logger } from '../../runtime/log.ts'
import type { Connection } from '../ssh/connection.ts'
import type { Control } from '../tunnel/control-channel.ts'
import { fetchDocument } from './fetch-document.ts'

/** Where documents go, and where answers come from. */
export interface Inbox {
  /**
   * @param from what brought it: `oobm settings` shows that as part of its name
   * @returns undefined when `oobm-apply` has it; otherwise why not, for people
   */
  put(digest: string, bytes: Uint8Array, from: 'relay' | 'address'): Promise<string | undefined>
  /** What `oobm-apply` says of a document; where it does not know it, of the last one; undefined without one. */
  look(digest: string | undefined): Promise<SettingsAnswer | undefined>
}

export interface DeliveryOptions {
  inbox: Inbox
  clock: Clock
  log: Logger
  /** Called with each answer of `oobm-apply` that is new; also with the last one after a start. */
  onAnswer(answer: SettingsAnswer): void
}

/** Milliseconds between two looks at the answer: a person waits for it. */
const LOOK_MS = 1_000
/** Milliseconds between two documents that are fetched: a relay that offers others all the time costs no more than that. */
const FETCH_PACE_MS = 10_000
/** Milliseconds after which a document that could not be fetched, or handed over, is tried again. */
const RETRY_MS = 60_000
/** Milliseconds after which somebody should look why `oobm-apply` does not. */
const APPLY_MS = 60_000

/** Lives as long as the supervisor: a document on trial outlives the connection on which it came. */
export class SettingsDelivery {
  readonly #options: DeliveryOptions
  /** The latest of each relay. */
  readonly #offers = new Map<RelayConfig, SettingsOffer>()
  /** What was handed over, or could not be, and is not answered yet. */
  #own: { digest: string; cause: string | undefined; atMs: number } | undefined
  /** The last attempt to fetch. */
  #fetched: { digest: string; atMs: number } | undefined
  #told = ''
  #control: Control | undefined

  constructor(options: DeliveryOptions) {
    this.#options = options
  }

  /** Takes in that a relay has a document for this device. */
  offered(offer: SettingsOffer, relay: RelayConfig): void {
    this.#offers.set(relay, offer)
  }

  /** Serves one connection until it ends; a later call takes over. */
  async serve(relay: RelayConfig, control: Control, connection: Connection): Promise<void> {
    this.#control = control
    let said = ''
    while (!connection.closed.aborted) {
      if (this.#control === control) {
        const offer = this.#offers.get(relay)
        const answer = await this.#answer(offer?.digest)
        const text = answer === undefined ? '' : essence(answer)
        if (answer !== undefined && text !== said && control.send(formatSettingsAnswer(answer))) said = text
        if (offer !== undefined && offer.digest !== answer?.digest) await this.#bring(offer, connection)
      }
      await this.#options.clock.sleep(LOOK_MS, connection.closed)
    }
  }

  /** What is known of a document, or of the last one. */
  async #answer(digest: string | undefined): Promise<SettingsAnswer | undefined> {
    const { inbox, clock, onAnswer } = this.#options
    const answer = await inbox.look(digest)
    if (answer !== undefined && essence(answer) !== this.#told) {
      this.#told = essence(answer)
      onAnswer(answer)
    }
    const own = this.#own
    if (own === undefined || own.digest === answer?.digest) {
      this.#own = undefined
      return answer
    }
    const agoMs = Math.max(0, clock.nowMs() - own.atMs)
    // Tried again: a folder may be missing, or full, for a time only.
    if (own.cause !== undefined && agoMs >= RETRY_MS) this.#own = undefined
    const late = agoMs < APPLY_MS ? '' : 'oobm-apply has not looked at it: see "systemctl status oobm-apply" there'
    return {
      digest: own.digest,
      state: 'delivered',
      serial: null,
      accepted: answer?.accepted ?? null,
      sinceS: Math.round(agoMs / 1000),
      cause: own.cause ?? late,
    }
  }

  async #bring(offer: SettingsOffer, connection: Connection): Promise<void> {
    const { inbox, clock, log } = this.#options
    const { digest } = offer
    const last = this.#fetched
    const waitMs = last?.digest === digest ? RETRY_MS : FETCH_PACE_MS
    if (last !== undefined && clock.nowMs() - last.atMs < waitMs) return
    this.#fetched = { digest, atMs: clock.nowMs() }
    const fetched = await fetchDocument(connection, offer, clock, connection.closed)
    if (!fetched.ok) {
      if (!connection.closed.aborted) log.warn({ digest, cause: fetched.cause }, 'a settings document did not arrive')
      // Another connection may bring it at once.
      else this.#fetched = last
      return
    }
    const cause = await inbox.put(digest, fetched.value, 'relay')
    this.#own = { digest, cause, atMs: clock.nowMs() }
    if (cause === undefined) log.info({ digest, bytes: offer.bytes }, 'handed a settings document to oobm-apply')
    else log.warn({ digest, cause }, 'a settings document could not be handed to oobm-apply')
  }
}

/** Without the age: what a relay is told again. */
function essence({ sinceS: _, ...rest }: SettingsAnswer): string {
  return JSON.stringify(rest)
}
