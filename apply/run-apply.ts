/** `oobm-apply` from start to end: takes documents, installs what they set, sees a trial through, and ends when nothing is left to do. */
import { mkdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { unitsInUse } from '../device/daemons/for-scripts.ts'
import { readConsoleBridge, readSupervisor } from '../device/daemons/read-daemon.ts'
import { finishInstallation, install, removeFile } from '../device/import/install.ts'
import { whileLocked } from '../device/import/lock.ts'
import { readStored, readTrial } from '../device/import/stored.ts'
import { type Whole, wholeFrom } from '../device/import/take-over.ts'
import { TRIAL_PATH, type Trial } from '../device/import/trial.ts'
import { provisioningDirectory, settingsRecordPath, settingsSpool } from '../formats/directories.ts'
import { parseProvisioning } from '../formats/provisioning.ts'
import { readSettingsDocument, splitDocument } from '../formats/settings-document.ts'
import { heartbeatNow } from '../runtime/boot-clock.ts'
import type { Clock } from '../runtime/clock.ts'
import { EXIT, type ExitCode, UserError } from '../runtime/errors.ts'
import type { Logger } from '../runtime/log.ts'
import { checkAddressee, digestOf, managesNetwork, planChange, type Stored } from './judge-document.ts'
import { openSecrets } from './open-secrets.ts'
import { SettingsRecords } from './record.ts'
import { ALL, effective, Restarts, restartsFor } from './restarts.ts'
import { discard, type Request, requestsIn, type Taken, takeRequest } from './spool.ts'
import { TRIAL_LIMITS, type TrialLimits, type TrialStep, trialStep } from './trial-step.ts'
import { verifySignature } from './verify-signature.ts'

export interface ApplyOptions {
  /** Where the others' files are. */
  env: NodeJS.ProcessEnv
  /** For what outlives this process and not the boot. */
  runtime: string
  /** Below which the settings are. */
  root: string
  clock: Clock
  signal: AbortSignal
  log: Logger
  limits?: TrialLimits
  /** Milliseconds between two looks at the folder and at the trial. */
  paceMs?: number
}

const PACE_MS = 1_000
/** Refusals in a row, over restarts of this program, that cost nothing but their work; after each further one it takes only root's
 * for a while, so that a flood wears no card. */
const FREE_REFUSALS = 8
const PAUSE_PACES = 10
/** Files that are taken between two looks at the trial. */
const BATCH = 8
/** Files that may wait; the others are removed unread. The supervisor has one, and people one each. */
const WAITING_MAX = 64
/** Characters of a reason that are kept. */
const DETAIL_MAX = 1_000

/** Runs until nothing is left to do, or until aborted. */
export async function runApply(options: ApplyOptions): Promise<ExitCode> {
  const { env, runtime, root, clock, signal, log } = options
  const recordPath = settingsRecordPath(env)
  const provisioning = join(root, provisioningDirectory(env))
  for (const folder of [runtime, dirname(recordPath)]) await mkdir(folder, { recursive: true })
  const restarts = await Restarts.open(runtime, provisioning)
  const run = new Run(options, await SettingsRecords.open(recordPath), restarts)
  await whileLocked(root, async () => {
    if (await finishInstallation(root)) {
      log.info('finished what was interrupted')
      // They may have started with what was there before.
      await restarts.plan(ALL)
    }
    await run.resume()
  })
  while (!signal.aborted) {
    const waiting = await requestsIn(settingsSpool(env))
    const count = await run.takeSome(waiting)
    if (signal.aborted) return EXIT.ok
    const isOver = await run.step()
    // Others may have come meanwhile.
    if (count > 0) continue
    if (isOver && waiting.length === 0) return EXIT.ok
    await clock.sleep(options.paceMs ?? PACE_MS, signal)
  }
  return EXIT.ok
}

class Run {
  readonly #options: ApplyOptions
  readonly #records: SettingsRecords
  readonly #restarts: Restarts
  #refusals: number
  /** Until then only root's documents are taken. */
  #quietUntilMs = 0
  /** Of the phase of the trial that runs, on the monotonic clock. */
  #phase: { key: string; sinceMs: number; lastMs: number; accessMs: number } | undefined
  /** Milliseconds after the boot: what the supervisor wrote before is about other settings. */
  #restartedMs = 0

  constructor(options: ApplyOptions, records: SettingsRecords, restarts: Restarts) {
    this.#options = options
    this.#records = records
    this.#restarts = restarts
    const { outcomes } = records.last
    this.#refusals = outcomes.length - 1 - outcomes.findLastIndex(({ result }) => result !== 'refused')
    this.#pause()
  }

  /** A trial that was interrupted begins anew, and not for ever. */
  async resume(): Promise<void> {
    const { root, log } = this.#options
    const trial = await readTrial(root).catch(async err => {
      if (!(err instanceof UserError)) throw err
      // What is installed is whole. A file that nobody can read must not keep the next document out.
      log.error({ cause: err.message }, 'the trial cannot be read: what is installed stays')
      await removeFile(join(root, TRIAL_PATH))
    })
    if (trial?.phase !== 'trial') return
    await install(trial.next, root, { ...trial, starts: trial.starts + 1 })
    log.info({ serial: trial.serial, starts: trial.starts + 1 }, 'the trial begins anew')
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
      if (!(await this.#isLocked(async () => this.#take(await takeRequest(request, spool))))) break
      count += 1
    }
    return count
  }

  async #take(taken: Taken): Promise<void> {
    let serial: number | null = null
    const digest = digestOf('bytes' in taken ? taken.bytes : Buffer.alloc(0))
    try {
      if ('error' in taken) throw taken.error
      const stored = await this.#stored()
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
    await this.#records.add({
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

  /** @returns whether nobody else was changing the settings, so that `work` was done */
  async #isLocked(work: () => Promise<unknown>): Promise<boolean> {
    let isOurs = false
    try {
      await whileLocked(this.#options.root, () => {
        isOurs = true
        return work()
      })
    } catch (err) {
      if (isOurs || !(err instanceof UserError)) throw err
      this.#options.log.warn({ cause: err.message }, 'waits for the settings')
    }
    return isOurs
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
    const at = clock.wallMs()
    const trial = change.trial && {
      ...{ serial: stored.trial?.serial ?? serial, digest: stored.trial?.digest ?? digest, starts: 0, since: at },
      ...(isNewTrial ? { serial, digest } : stored.trial),
      ...change.trial,
    }
    await this.#install(stored.current, now, trial)
    const result = isNewTrial ? 'trial' : refused === undefined ? 'in-force' : 'partly'
    if (stored.trial !== undefined && stored.trial.digest !== trial?.digest)
      await this.#decided(stored.trial, 'undone', `document ${serial} came before it was decided`)
    await this.#records.add({ at, digest, serial, result, detail: (refused ?? '').slice(0, DETAIL_MAX) }, { serial })
    log.info({ document: name, digest, serial, result, refused }, 'took settings')
  }

  /** @returns whether nothing is left to do */
  async step(): Promise<boolean> {
    const { env, root, clock, limits = TRIAL_LIMITS } = this.#options
    const [supervisor, bridge] = await Promise.all([readSupervisor(env), readConsoleBridge(env)])
    const inUse = unitsInUse(supervisor, bridge)
    await this.#restart(inUse)
    const trial = await readTrial(root)
    if (trial === undefined) {
      await this.#endVanished()
      return this.#restarts.due.length === 0
    }
    const { sinceMs, accessMs } = this.#timeOf(`${trial.digest} ${trial.phase}`, supervisor)
    const step = trialStep(
      {
        ...{ phase: trial.phase, starts: trial.starts, supervisor, inUse },
        isOfThese: supervisor.running && supervisor.status.heartbeat.uptimeMs > this.#restartedMs,
        ...{ phaseMs: clock.nowMs() - sinceMs, accessMs },
      },
      limits,
    )
    if (step.kind === 'wait') {
      const { serial, phase, since } = trial
      const next = settingsDigest(wholeOf(trial.next))
      await this.#records.showTrial({ serial, phase, since, next, cause: step.cause })
      return false
    }
    await this.#isLocked(async () => {
      // An import may have ended it meanwhile.
      if (JSON.stringify(await readTrial(root)) === JSON.stringify(trial)) await this.#decide(trial, step)
    })
    return false
  }

  async #decide(trial: Trial, step: Exclude<TrialStep, { kind: 'wait' }>): Promise<void> {
    const current = await this.#current().catch(() => undefined)
    switch (step.kind) {
      case 'install': {
        const begun = { ...trial, phase: 'trial' as const, since: this.#options.clock.wallMs(), starts: 1 }
        return this.#install(current, wholeOf(trial.next), begun)
      }
      case 'confirm':
        await this.#install(current, wholeOf(trial.next), undefined)
        return this.#decided(trial, 'confirmed', '')
      case 'undo':
        await this.#install(current, wholeOf(trial.old), undefined)
        return this.#decided(trial, 'undone', step.why)
      default:
        return step satisfies never
    }
  }

  /** A trial that is gone without a decision in the record: by an import, or by the end of this program in between. */
  async #endVanished(): Promise<void> {
    const { trial, outcomes } = this.#records.last
    if (trial === null) return
    const { serial, phase } = trial
    const digest = outcomes.findLast(outcome => outcome.serial === serial && outcome.result === 'trial')?.digest ?? ''
    const current = await this.#current().catch(() => undefined)
    const isNext = current !== undefined && settingsDigest(current) === trial.next
    // What runs is not proved, and not what is installed. Who imports is told how to restart, and may do it before.
    if (phase === 'trial' && !isNext) {
      const { root, env } = this.#options
      const network = managesNetwork(root, provisioningDirectory(env))
        ? [{ unit: 'network', when: 'idle' } as const]
        : []
      await this.#restarts.plan([...network, ...ALL.map(({ unit }) => ({ unit, when: 'idle' }) as const)])
    }
    await this.#decided(
      { serial, digest },
      isNext ? 'confirmed' : 'undone',
      isNext ? '' : 'other settings were installed meanwhile, as by an import by hand',
    )
  }

  async #restart(inUse: readonly string[]): Promise<void> {
    if (this.#restarts.due.length === 0) return
    const { log } = this.#options
    const isSupervisor = this.#restarts.due.some(({ unit, when }) => unit !== 'oobm-console' && when === 'now')
    for (const problem of await this.#restarts.perform(inUse))
      log.error({ problem }, 'new settings did not take effect')
    if (isSupervisor) this.#restartedMs = heartbeatNow().uptimeMs
  }

  /** @param before undefined where it cannot be read: then everything starts anew */
  async #install(before: Whole | undefined, after: Whole, trial: Parameters<typeof install>[2]): Promise<void> {
    await this.#restarts.plan(before === undefined ? ALL : restartsFor(before.provisioning, after.provisioning))
    await install(after.text, this.#options.root, trial)
  }

  async #decided(
    trial: Pick<Trial, 'serial' | 'digest'> | undefined,
    result: 'confirmed' | 'undone',
    detail: string,
  ): Promise<void> {
    if (trial === undefined) return
    const { serial, digest } = trial
    const at = this.#options.clock.wallMs()
    await this.#records.add({ at, digest, serial, result, detail: detail.slice(0, DETAIL_MAX) }, { trial: null })
    this.#options.log.info({ serial, result, cause: detail }, 'decided a trial')
  }

  #timeOf(key: string, supervisor: Awaited<ReturnType<typeof readSupervisor>>) {
    const nowMs = this.#options.clock.nowMs()
    const before = this.#phase?.key === key ? this.#phase : { key, sinceMs: nowMs, lastMs: nowMs, accessMs: 0 }
    const isOff = supervisor.running && supervisor.status.state === 'maintenance'
    const accessMs = before.accessMs + (isOff ? 0 : nowMs - before.lastMs)
    this.#phase = { ...before, lastMs: nowMs, accessMs }
    return this.#phase
  }

  async #stored(): Promise<Stored> {
    return { current: await this.#current(), trial: await readTrial(this.#options.root) }
  }

  async #current(): Promise<Whole> {
    const stored = await readStored(this.#options.root)
    if (stored === undefined)
      throw new UserError(
        'this device has no settings yet: bring it an oobm.toml first, by card or by "sudo oobm import"',
      )
    return wholeFrom(stored)
  }
}

function settingsDigest({ provisioning }: Whole): string {
  return digestOf(Buffer.from(JSON.stringify(effective(provisioning))))
}

function wholeOf(text: string): Whole {
  return { text, provisioning: parseProvisioning('settings on trial', text) }
}
