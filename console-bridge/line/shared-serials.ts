/** Which adapters' names were ever shared by two adapters on this device: such a name says nothing from then on. */
import { readFile } from 'node:fs/promises'
import * as z from 'zod'
import { errorCode, errorMessage } from '../../runtime/errors.ts'
import type { Logger } from '../../runtime/log.ts'
import { writeAtomically } from '../../runtime/write-atomically.ts'

/** Below the bridge's state directory. */
export const SHARED_SERIALS_FILE = 'shared-serial-numbers.json'

const schema = z.array(z.string())

export class SharedSerials {
  readonly #file: string
  readonly #log: Logger
  readonly #known: Set<string>

  private constructor(file: string, log: Logger, known: readonly string[]) {
    this.#file = file
    this.#log = log
    this.#known = new Set(known)
  }

  /** A file that cannot be read is as none: what is shared now is seen again. */
  static async read(file: string, log: Logger): Promise<SharedSerials> {
    try {
      return new SharedSerials(file, log, schema.parse(JSON.parse(await readFile(file, 'utf8'))))
    } catch (err) {
      if (errorCode(err) !== 'ENOENT') log.warn({ cause: errorMessage(err) }, 'shared serial numbers cannot be read')
      return new SharedSerials(file, log, [])
    }
  }

  get all(): readonly string[] {
    return [...this.#known].sort()
  }

  /** Keeps what is shared now. @returns all that ever was */
  async with(now: readonly string[]): Promise<ReadonlySet<string>> {
    const fresh = now.filter(identity => !this.#known.has(identity))
    if (fresh.length === 0) return this.#known
    for (const identity of fresh) this.#known.add(identity)
    this.#log.warn({ adapters: fresh }, 'adapters have one serial number')
    await writeAtomically(this.#file, `${JSON.stringify(this.all)}\n`, 0o600).catch(err =>
      this.#log.error({ err }, 'shared serial numbers not written'),
    )
    return this.#known
  }
}
