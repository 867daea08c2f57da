/** A fleet's worth of upgrades: how many at a time, when, and the stop after the first failure. */
import type { Outcome } from './outcome.ts'

export interface FleetRun<P> {
  devices: readonly string[]
  /** How many are prepared at a time. */
  preparesMax: number
  /** How many are upgraded at a time; before one has succeeded, one. */
  batch: number
  prepare(device: string): Promise<P | Outcome>
  isPrepared(result: P | Outcome): result is P
  /** Resolves when upgrades may begin. */
  untilTime: Promise<void>
  install(device: string, prepared: P): Promise<Outcome>
  onOutcome(device: string, outcome: Outcome): void
  signal: AbortSignal
}

/** @returns the outcome of each device, in the order of the devices */
export async function runFleet<P>(run: FleetRun<P>): Promise<Map<string, Outcome>> {
  const { devices, preparesMax, batch, prepare, isPrepared, untilTime, install, onOutcome, signal } = run
  const preparing = new Places(() => preparesMax)
  let hasSucceeded = false
  // The first alone: a package that is bad everywhere takes one device.
  const installing = new Places(() => (hasSucceeded ? batch : 1))
  let failed: string | undefined
  const whyNot = (): Outcome | undefined => {
    if (signal.aborted) return { kind: 'not tried', detail: 'interrupted' }
    return failed === undefined ? undefined : { kind: 'not tried', detail: `stopped, because ${failed} failed` }
  }
  const upgrade = async (device: string): Promise<Outcome> => {
    const prepared = await preparing.use(async () => whyNot() ?? (await prepare(device)))
    if (!isPrepared(prepared)) return prepared
    await untilTime
    return installing.use(async () => {
      const outcome = whyNot() ?? (await install(device, prepared))
      if (outcome.kind === 'failed') failed ??= device
      if (outcome.kind === 'done') hasSucceeded = true
      return outcome
    })
  }
  const outcomes = await Promise.all(
    devices.map(async device => {
      const outcome = await upgrade(device)
      onOutcome(device, outcome)
      return [device, outcome] as const
    }),
  )
  return new Map(outcomes)
}

/** So many at a time; who comes first is served first. */
class Places {
  readonly #max: () => number
  #taken = 0
  readonly #waiting: (() => void)[] = []

  constructor(max: () => number) {
    this.#max = max
  }

  async use<T>(work: () => Promise<T>): Promise<T> {
    await new Promise<void>(resolve => {
      this.#waiting.push(resolve)
      this.#serve()
    })
    try {
      return await work()
    } finally {
      this.#taken--
      this.#serve()
    }
  }

  #serve() {
    while (this.#waiting.length > 0 && this.#taken < this.#max()) {
      this.#taken++
      this.#waiting.shift()?.()
    }
  }
}
