/** Which relay is next: in order of preference, skipping one that accepts the device but cannot be proved; pure. */
import type { RelayConfig } from '../../formats/device-config.ts'
import type { Failure } from '../failure.ts'

export class RelayChoice {
  readonly #relays: readonly RelayConfig[]
  #first = 0
  #at = 0
  #lastFailures = new Map<RelayConfig, Failure>()

  /** @param relays in order of preference, at least one */
  constructor(relays: readonly RelayConfig[]) {
    this.#relays = relays
  }

  get present(): RelayConfig {
    return this.#relays[this.#at % this.#relays.length] as RelayConfig
  }

  /** The one to come back to; the first, unless a relay sent the device to another one. */
  get preferred(): RelayConfig {
    return this.#relays[this.#first] as RelayConfig
  }

  /** How the last try at each relay ended since a tunnel was last proved; the present one's is the last. */
  get lastFailures(): readonly Failure[] {
    return [...this.#lastFailures.values()]
  }

  /** All relays, the present one first: for a second connection beside a tunnel that is silent. */
  get fromPresent(): readonly RelayConfig[] {
    const at = this.#at % this.#relays.length
    return [...this.#relays.slice(at), ...this.#relays.slice(0, at)]
  }

  /** The present one failed: go to the next one. */
  failed(failure: Failure): void {
    this.#lastFailures.delete(this.present)
    this.#lastFailures.set(this.present, failure)
    this.#at = (this.#at + 1) % this.#relays.length
  }

  /** A tunnel that had proved itself for some time was lost: its relay is as good as before. */
  lostProved(): void {
    this.#lastFailures.clear()
  }

  /** A tunnel to this relay took over. */
  movedTo(relay: RelayConfig): void {
    this.#at = this.#relays.indexOf(relay)
    this.#lastFailures.clear()
  }

  /** A relay sent the device to another one: the device goes there, also after a loss. */
  redirected(relay: RelayConfig): void {
    this.#first = this.#relays.indexOf(relay)
    this.movedTo(relay)
  }
}
