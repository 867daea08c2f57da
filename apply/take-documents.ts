/** Takes the documents that wait, one at a time: verifies, judges and installs them, or says why not. */
import { provisioningDirectory, settingsSpool } from '../formats/directories.ts'
import { readSettingsDocument, splitDocument } from '../formats/settings-document.ts'
import { UserError } from '../runtime/errors.ts'
import { type ApplyOptions, PACE_MS } from './apply-options.ts'
import { checkAddressee, digestOf, managesNetwork, planChange, type Stored } from './judge-document.ts'
import { openSecrets } from './open-secrets.ts'
import { discard, type Request, type Taken, takeRequest } from './spool.ts'
import { DETAIL_MAX, type StoredSettings, subjectOf } from './stored-settings.ts'
import { verifySignature } from './verify-signature.ts'

/** Refusals in a row, over restarts of this program, that cost nothing but their work; after each further one it takes only root's
 * for a while, so that a flood wears no card. */
const FREE_REFUSALS = 8
const PAUSE_PACES = 10
/** Files that are taken between two looks at the trial. */
const BATCH = 8
/** Files that may wait; the others are removed unread. The supervisor has one, and people one each. */
const WAITING_MAX = 64

export class DocumentTaker {
  readonly #options: ApplyOptions
  readonly #settings: StoredSettings
  #refusals: number
  /** Until then only root's documents are taken. */
  #quietUntilMs = 0

  constructor(options: ApplyOptions, settings: StoredSettings) {
    this.#options = options
    this.#settings = settings
    const { outcomes } = settings.records.last
    this.#refusals = outcomes.length - 1 - outcomes.findLastIndex(({ result }) => result !== 'refused')
    this.#pause()
  }

  /** @returns how many it took */
  async takeSome(waiting: readonly Request[]): Promise<number> {
    const { env, clock, signal } = this.#options
    const spool = settingsSpool(env)
    const surplus = waiting.filter(({ isRoots }) => !isRoots).slice(WAITING_MAX)
    if (surplus.length > 0) {
      for (const request of surplus) await discard(request, spool)
      const message = `${surplus.length} files were removed unread: ${WAITING_MAX} may wait here`
      await this.#refuse({ name: spool, digest: digestOf(Buffer.alloc(0)), serial: null }, message)
    }
    let count = 0
    for (const request of waiting.slice(0, BATCH)) {
      if (signal.aborted || surplus.includes(request)) break
      if (!request.isRoots && clock.nowMs() < this.#quietUntilMs) break
      // One at a time: a relay, or a person, may bring the next one while somebody imports a file.
      if (!(await this.#settings.whileOurs(async () => this.#take(await takeRequest(request, spool))))) break
      count += 1
    }
    return count
  }

  async #take(taken: Taken): Promise<void> {
    let serial: number | null = null
    const digest = digestOf('bytes' in taken ? taken.bytes : Buffer.alloc(0))
    try {
      if ('error' in taken) throw taken.error
      const stored = await this.#settings.stored()
      const split = splitDocument(taken.name, taken.bytes)
      await verifySignature(taken.name, split, stored.current.provisioning.settings.signers)
      const document = readSettingsDocument(taken.name, split.signed)
      serial = document.serial
      checkAddressee(taken.name, document, stored)
      await this.#accept(taken.name, digest, document, stored)
      this.#refusals = 0
    } catch (err) {
      if (!(err instanceof UserError)) throw err
      await this.#refuse({ name: taken.name, digest, serial }, err.message)
    }
  }

  async #refuse(document: { name: string; digest: string; serial: number | null }, cause: string): Promise<void> {
    const { log, clock } = this.#options
    const { name, digest, serial } = document
    log.warn({ document: name, digest, serial, cause }, 'refused settings')
    await this.#settings.records.add({
      at: clock.wallMs(),
      digest,
      serial,
      result: 'refused',
      detail: cause.slice(0, DETAIL_MAX),
    })
    this.#refusals += 1
    this.#pause()
  }

  #pause(): void {
    const { clock, paceMs = PACE_MS } = this.#options
    if (this.#refusals > FREE_REFUSALS) this.#quietUntilMs = clock.nowMs() + PAUSE_PACES * paceMs
  }

  async #accept(
    name: string,
    digest: string,
    document: ReturnType<typeof readSettingsDocument>,
    stored: Stored,
  ): Promise<void> {
    const { env, root, clock, log } = this.#options
    const managed = managesNetwork(root, provisioningDirectory(env))
    const change = await planChange(name, document, stored, connectivity => openSecrets(connectivity, root), managed)
    const { serial, now, refused, isNewTrial } = change
    await this.#settings.checkRoom()
    const at = clock.wallMs()
    const trial = change.trial && {
      ...{ serial: stored.trial?.serial ?? serial, digest: stored.trial?.digest ?? digest },
      ...{ starts: 0, since: at, waitedMs: 0 },
      ...(isNewTrial ? { serial, digest } : stored.trial),
      ...change.trial,
    }
    const result = isNewTrial ? 'trial' : refused === undefined ? 'in-force' : 'partly'
    const ended = stored.trial?.digest === trial?.digest ? undefined : stored.trial && subjectOf(stored.trial)
    await this.#settings.records.intend({
      ...{ at, digest, serial, result, detail: (refused ?? '').slice(0, DETAIL_MAX) },
      ...(ended !== undefined && { ended }),
    })
    await this.#settings.install(stored.current, now, trial)
    await this.#settings.records.settle(serial)
    log.info({ document: name, digest, serial, result, refused }, 'took settings')
  }
}
