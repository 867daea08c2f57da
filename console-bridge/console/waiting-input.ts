/** What was typed and the line has not taken: in order, and counted for each owner. */

import type { Pacer } from './pacer.ts'

export interface WaitingItem {
  readonly owner: object
  bytes: Buffer
  /** Part of a paste that is not sent at once. */
  readonly pacer: Pacer | undefined
}

export class WaitingInput {
  #items: WaitingItem[] = []
  /** During a BREAK, what was typed before it. */
  #ahead: WaitingItem[] | undefined

  push(owner: object, bytes: Buffer, pacer?: Pacer): void {
    this.#items.push({ owner, bytes, pacer })
  }

  /** It is sent before all that waits. */
  pushFirst(owner: object, bytes: Buffer): void {
    this.#queue.unshift({ owner, bytes, pacer: undefined })
  }

  /** The next to be sent: during a BREAK, only of what was typed before it. */
  get first(): WaitingItem | undefined {
    return this.#queue[0]
  }

  /** So many bytes of {@link first} were sent. */
  took(bytes: number): void {
    const [first] = this.#queue
    if (!first) return
    first.bytes = first.bytes.subarray(bytes)
    if (first.bytes.length === 0) this.#queue.shift()
  }

  bytesOf(owner: object): number {
    return countBytes([...(this.#ahead ?? []), ...this.#items].filter(item => item.owner === owner))
  }

  /** Removes everything, or what `owner` typed. */
  remove(owner?: object): WaitingItem[] {
    const isKept = (item: WaitingItem) => owner !== undefined && item.owner !== owner
    const removed = [...(this.#ahead ?? []), ...this.#items].filter(item => !isKept(item))
    this.#ahead = this.#ahead?.filter(isKept)
    this.#items = this.#items.filter(isKept)
    return removed
  }

  /** A BREAK begins: what is typed from now on waits for its end. */
  beginBreak(): void {
    this.#ahead = this.#items
    this.#items = []
  }

  /** Removes what was typed before the BREAK. */
  removeAhead(): WaitingItem[] {
    const removed = this.#ahead ?? []
    this.#ahead = []
    return removed
  }

  endBreak(): void {
    this.#ahead = undefined
  }

  get #queue(): WaitingItem[] {
    return this.#ahead ?? this.#items
  }
}

export function countBytes(items: readonly WaitingItem[]): number {
  return items.reduce((sum, { bytes }) => sum + bytes.length, 0)
}
