/** Sees a trial of connectivity through: begins it when nobody is in, and confirms or undoes it. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { unitsInUse } from '../device/daemons/for-scripts.ts'
import { readConsoleBridge, readSupervisor } from '../device/daemons/read-daemon.ts'
import { failedLogins } from '../device/doctor/login-checks.ts'
import { install, removeFile } from '../device/import/install.ts'
import { readTrial } from '../device/import/stored.ts'
import type { Whole } from '../device/import/take-over.ts'
import { TRIAL_PATH, type Trial, trialText } from '../device/import/trial.ts'
import { provisioningDirectory, settingsSpool, upgradeTrialPath } from '../formats/directories.ts'
import { hasSomebody } from '../formats/hotspot.ts'
import { parseProvisioning } from '../formats/provisioning.ts'
import type { SettingsOutcome } from '../formats/settings-record.ts'
import { heartbeatNow } from '../runtime/boot-clock.ts'
import { UserError } from '../runtime/errors.ts'
import { within } from '../runtime/waiting.ts'
import { writeAtomically } from '../runtime/write-atomically.ts'
import type { ApplyOptions } from './apply-options.ts'
import { digestOf, managesNetwork } from './judge-document.ts'
import { ALL, effective } from './restarts.ts'
import { discard, isRecovery, requestsIn } from './spool.ts'
import type { StoredSettings } from './stored-settings.ts'
import { TRIAL_LIMITS, type TrialStep, trialStep } from './trial-step.ts'

/** For the journal to be read; milliseconds. */
const JOURNAL_MS = 30_000
/** Milliseconds of waiting after which they are written down. */
const WAITED_KEPT_MS = 600_000

export class TrialWatch {
  readonly #options: ApplyOptions
  readonly #settings: StoredSettings
  /** Of the phase of the trial that runs, on the monotonic clock. */
  #phase: { key: string; sinceMs: number; lastMs: number; accessMs: number } | undefined
  /** Milliseconds after the boot: what the supervisor wrote before is about other settings. */
  #restartedMs = 0

  constructor(options: ApplyOptions, settings: StoredSettings) {
    this.#options = options
    this.#settings = settings
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
    if (trial === undefined) return
    // What was waited since it was written down last, at the most: a board whose power is cut often waits no longer for that.
    if (trial.phase === 'waiting') return this.#keepWaited(trial, WAITED_KEPT_MS)
    if (this.#isUpgrading()) return this.#putOff(trial)
    await install(trial.next, root, { ...trial, starts: trial.starts + 1 })
    log.info({ serial: trial.serial, starts: trial.starts + 1 }, 'the trial begins anew')
  }

  #isUpgrading(): boolean {
    return existsSync(upgradeTrialPath(this.#options.env))
  }

  /** It began while the device was about to restart for an upgrade: that one is decided with the settings that were proved. */
  async #putOff(trial: Trial): Promise<void> {
    const current = await this.#settings.current().catch(() => undefined)
    await this.#settings.install(current, wholeOf(trial.old), { ...trial, phase: 'waiting', starts: 0 })
    this.#options.log.info({ serial: trial.serial }, 'the trial waits: a system upgrade is on trial')
  }

  /** The 24 hours are those of all starts together, whatever the clock says. */
  async #keepWaited(trial: Trial, moreMs: number): Promise<void> {
    const waitedMs = (trial.waitedMs ?? 0) + Math.round(moreMs)
    await writeAtomically(join(this.#options.root, TRIAL_PATH), trialText({ ...trial, waitedMs }), 0o600)
  }

  /** @returns whether nothing is left to do */
  async step(): Promise<boolean> {
    const { env, root, clock, limits = TRIAL_LIMITS } = this.#options
    const [supervisor, bridge, isHotspotUsed] = await Promise.all([
      readSupervisor(env),
      readConsoleBridge(env),
      hasSomebody(env),
    ])
    const inUse = [...unitsInUse(supervisor, bridge), ...(isHotspotUsed ? ['network'] : [])]
    await this.#restart(inUse)
    const trial = await readTrial(root)
    if (trial === undefined) {
      await this.#endVanished()
      return this.#settings.restarts.due.length === 0
    }
    const { sinceMs, accessMs } = this.#timeOf(`${trial.digest} ${trial.phase}`, supervisor)
    const hereMs = clock.nowMs() - sinceMs
    const isWaiting = trial.phase === 'waiting'
    const step = trialStep(
      {
        ...{ phase: trial.phase, starts: trial.starts, supervisor, inUse, mayCut: trial.byHand !== undefined },
        isUpgrading: this.#isUpgrading(),
        isOfThese: supervisor.running && supervisor.status.heartbeat.uptimeMs > this.#restartedMs,
        ...{ phaseMs: hereMs + (isWaiting ? (trial.waitedMs ?? 0) : 0), accessMs },
      },
      limits,
    )
    if (step.kind === 'wait') {
      const { serial, byHand, phase, since } = trial
      const next = settingsDigest(wholeOf(trial.next))
      await this.#settings.records.showTrial({ serial, byHand, phase, since, next, cause: step.cause })
      if (isWaiting && hereMs >= WAITED_KEPT_MS)
        await this.#settings.whileOurs(async () => {
          if (!(await this.#isStill(trial))) return
          await this.#keepWaited(trial, hereMs)
          this.#phase = undefined
        })
      return false
    }
    await this.#settings.whileOurs(async () => {
      // An import may have ended it meanwhile.
      if (await this.#isStill(trial)) await this.#decide(trial, step)
    })
    return false
  }

  async #isStill(trial: Trial): Promise<boolean> {
    return JSON.stringify(await readTrial(this.#options.root)) === JSON.stringify(trial)
  }

  async #decide(trial: Trial, step: Exclude<TrialStep, { kind: 'wait' }>): Promise<void> {
    const current = await this.#settings.current().catch(() => undefined)
    switch (step.kind) {
      case 'install': {
        const begun = { ...trial, phase: 'trial' as const, since: this.#options.clock.wallMs(), starts: 1 }
        await this.#settings.install(current, wholeOf(trial.next), begun)
        // Nothing is proved by it, and its radio may be the way to the proof. From now on nobody gets it switched on.
        return this.#settings.restarts.endHotspot()
      }
      case 'confirm':
        await this.#settings.install(current, wholeOf(trial.next), undefined)
        return this.#settings.decided(trial, 'confirmed', '')
      case 'undo': {
        // Now: afterwards the board logs in with the old settings.
        const why = [step.why, ...(await this.#failedLogins())].join('; ')
        await this.#settings.install(current, wholeOf(trial.old), undefined)
        return this.#settings.decided(trial, 'undone', why)
      }
      default:
        return step satisfies never
    }
  }

  /** Where nothing leads out: what the networks say, which the supervisor does not hear. */
  async #failedLogins(): Promise<string[]> {
    const { env, clock, signal } = this.#options
    const supervisor = await readSupervisor(env)
    if (!supervisor.running || supervisor.status.state !== 'no-link') return []
    const found = await within(JOURNAL_MS, [signal], deadline => failedLogins(env, deadline), { clock })
    return found.kind === 'done' ? found.value : []
  }

  /** A trial that is gone without a decision in the record: by an import, or by the end of this program in between. */
  async #endVanished(): Promise<void> {
    const { trial, outcomes } = this.#settings.records.last
    if (trial === null) return
    const { serial, byHand, phase } = trial
    const isOfIt = (outcome: SettingsOutcome) => outcome.serial === serial && outcome.result === 'trial'
    const digest = (byHand === undefined ? outcomes.findLast(isOfIt)?.digest : undefined) ?? ''
    const current = await this.#settings.current().catch(() => undefined)
    const isNext = current !== undefined && settingsDigest(current) === trial.next
    // What runs is not proved, and not what is installed. Who imports is told how to restart, and may do it before.
    if (phase === 'trial' && !isNext) {
      const { root, env } = this.#options
      const network = managesNetwork(root, provisioningDirectory(env))
        ? [{ unit: 'network', when: 'idle' } as const]
        : []
      await this.#settings.restarts.plan([...network, ...ALL.map(({ unit }) => ({ unit, when: 'idle' }) as const)])
    }
    await this.#settings.decided(
      { serial, digest, ...(byHand !== undefined && { byHand }) },
      isNext ? 'confirmed' : 'undone',
      isNext ? '' : 'other settings were installed meanwhile, as by an import by hand',
    )
  }

  async #restart(inUse: readonly string[]): Promise<void> {
    if (this.#settings.restarts.due.length === 0) return
    const { log } = this.#options
    const isSupervisor = this.#settings.restarts.due.some(({ unit, when }) => unit !== 'oobm-console' && when === 'now')
    for (const problem of await this.#settings.restarts.perform(inUse))
      log.error({ problem }, 'new settings did not take effect')
    if (!isSupervisor) return
    this.#restartedMs = heartbeatNow().uptimeMs
    // What the one before asked for was meant for its own network: the one that is back must not be cut off for it.
    const spool = settingsSpool(this.#options.env)
    for (const request of (await requestsIn(spool)).filter(isRecovery)) {
      log.info({ file: request.name }, 'dropped a request of the supervisor before')
      await discard(request, spool)
    }
  }

  #timeOf(key: string, supervisor: Awaited<ReturnType<typeof readSupervisor>>) {
    const nowMs = this.#options.clock.nowMs()
    const before = this.#phase?.key === key ? this.#phase : { key, sinceMs: nowMs, lastMs: nowMs, accessMs: 0 }
    const isOff = supervisor.running && supervisor.status.state === 'maintenance'
    const accessMs = before.accessMs + (isOff ? 0 : nowMs - before.lastMs)
    this.#phase = { ...before, lastMs: nowMs, accessMs }
    return this.#phase
  }
}

function settingsDigest({ provisioning }: Whole): string {
  return digestOf(Buffer.from(JSON.stringify(effective(provisioning))))
}

function wholeOf(text: string): Whole {
  return { text, provisioning: parseProvisioning('settings on trial', text) }
}
