/** PINs that a SIM was asked to take: on the disk before each try, so that no restart and no power cut makes it a second one. */
import { createHash, randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as z from 'zod'
import { errorCode, errorMessage } from '../runtime/errors.ts'
import { writeAtomically } from '../runtime/write-atomically.ts'

const recordSchema = z.object({
  /** ICCID; empty where the modem did not say before it was unlocked: it then counts for every SIM. */
  sim: z.string(),
  salt: z.string(),
  /** SHA-256 of salt and PIN. It hides little, as there are 10,000 PINs: the file is for nobody else. */
  digest: z.string(),
  /** `trying`: nobody knows what came of it. */
  state: z.enum(['trying', 'refused']),
  /** Tries that the SIM had left before; null where the modem did not say. */
  triesBefore: z.int().nullable(),
})
type Tried = z.output<typeof recordSchema>

const fileSchema = z.object({ version: z.literal(1), tried: z.array(recordSchema) })

/** More SIMs than pass through a board in its life. */
const TRIED_MAX = 32

export class PinMemory {
  readonly #path: string
  #tried: Tried[] = []
  /** Why nothing may be tried at all. */
  #problem: string | undefined

  private constructor(path: string) {
    this.#path = path
  }

  static async open(directory: string): Promise<PinMemory> {
    const memory = new PinMemory(join(directory, 'pins.json'))
    try {
      const read = fileSchema.safeParse(JSON.parse(await readFile(memory.#path, 'utf8')))
      if (read.success) memory.#tried = read.data.tried
      else memory.#problem = 'its content is damaged'
    } catch (err) {
      if (errorCode(err) !== 'ENOENT')
        memory.#problem = err instanceof SyntaxError ? 'it is damaged' : errorMessage(err)
    }
    return memory
  }

  /**
   * @param tries that the SIM has left; undefined where the modem does not say
   * @returns why this PIN must not be tried; undefined where it may
   */
  problem(sim: string, pin: string, tries: number | undefined): string | undefined {
    if (this.#problem !== undefined)
      return `${this.#path} says which PINs were refused, and ${this.#problem}: remove it if the PIN is right`
    const before = this.#find(sim, pin)
    if (before === undefined) return undefined
    if (before.state === 'refused') return 'it was refused before'
    // A wrong one would have cost a try.
    const costNothing = tries !== undefined && before.triesBefore !== null && tries >= before.triesBefore
    return costNothing ? undefined : 'the board stopped while the SIM was asked, and the PIN may be wrong'
  }

  /** @throws a system error: then it must not be tried */
  async trying(sim: string, pin: string, tries: number | undefined): Promise<void> {
    const salt = randomBytes(16).toString('hex')
    const digest = digestOf(salt, pin)
    await this.#keep([...this.#without(sim, pin), { sim, salt, digest, state: 'trying', triesBefore: tries ?? null }])
  }

  async refused(sim: string, pin: string): Promise<void> {
    const tried = this.#find(sim, pin)
    if (tried === undefined) return
    await this.#keep([...this.#without(sim, pin), { ...tried, state: 'refused' }])
  }

  /** It was taken, or cost the SIM nothing. */
  async harmless(sim: string, pin: string): Promise<void> {
    await this.#keep(this.#without(sim, pin))
  }

  #find(sim: string, pin: string): Tried | undefined {
    return this.#tried.find(one => isOf(one, sim, pin))
  }

  #without(sim: string, pin: string): Tried[] {
    return this.#tried.filter(one => !isOf(one, sim, pin))
  }

  async #keep(tried: Tried[]): Promise<void> {
    const kept = tried.slice(-TRIED_MAX)
    await writeAtomically(this.#path, JSON.stringify({ version: 1, tried: kept }), 0o600)
    this.#tried = kept
  }
}

/** A SIM that does not say which it is may be any. */
function isOf(one: Tried, sim: string, pin: string): boolean {
  return (one.sim === sim || one.sim === '' || sim === '') && one.digest === digestOf(one.salt, pin)
}

function digestOf(salt: string, pin: string): string {
  return createHash('sha256').update(`${salt} ${pin}`).digest('hex')
}
