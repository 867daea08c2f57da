/** Takes the requests that wait: parses each by itself, judges it by what this program finds out itself, and does it or says why not. */
import { existsSync } from 'node:fs'
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import spawn from 'nano-spawn'
import { readConsoleBridge, readSupervisor } from '../../device/daemons/read-daemon.ts'
import { readTrial } from '../../device/import/stored.ts'
import { directoriesOf, settingsSpool, upgradeTrialPath } from '../../formats/directories.ts'
import { hasSomebody } from '../../formats/hotspot.ts'
import { SECRETS_DIRECTORY } from '../../formats/provisioning.ts'
import {
  INTERRUPTED,
  parseRequest,
  type RecoveryRequest,
  type RequestAnswer,
  requestText,
} from '../../formats/recovery-request.ts'
import { heartbeatNow } from '../../runtime/boot-clock.ts'
import { errorMessage, UserError } from '../../runtime/errors.ts'
import { printable } from '../../runtime/printable.ts'
import type { ApplyOptions } from '../apply-options.ts'
import { discard, type Request, type Taken, takeRequest } from '../spool.ts'
import type { StoredSettings } from '../stored-settings.ts'
import { Answers } from './answers.ts'
import { whyNoReboot } from './judge-reboot.ts'
import { whyNotYet } from './pace.ts'
import { changingProgram, loggedIn, processesIn } from './who-is-in.ts'

/** Files that are looked at in one turn, and the most that may wait: the supervisor has one at a time. */
const BATCH = 4
/** Milliseconds: a unit's own limit comes first. */
const LIMIT_MS = 180_000

type Verdict = Pick<RequestAnswer, 'result' | 'detail'>

/** What the exit codes of `wifi-radio` mean, as the end of a sentence about the interface. */
const RADIO_FAULTS: Readonly<Record<number, Verdict>> = {
  10: { result: 'refused', detail: 'is no wireless interface of this device' },
  11: { result: 'refused', detail: 'has no login that oobm-wpa makes: the site settings of this device name no Wi-Fi' },
  12: { result: 'refused', detail: 'has no driver that could be taken off it' },
  13: { result: 'refused', detail: 'shares its controller with a disk of this system' },
  14: { result: 'failed', detail: 'keeps its driver: the kernel does not take it off' },
  15: { result: 'failed', detail: 'did not come back with its driver' },
  16: { result: 'refused', detail: 'has no hotspot in the settings of this device' },
  17: { result: 'failed', detail: 'does not become a hotspot; see "journalctl -u oobm-hotspot@*"' },
  18: { result: 'refused', detail: 'is a hotspot now' },
}

export class RequestTaker {
  readonly #options: ApplyOptions
  readonly #settings: StoredSettings
  readonly #answers: Answers
  #isRebooting = false

  private constructor(options: ApplyOptions, settings: StoredSettings, answers: Answers) {
    this.#options = options
    this.#settings = settings
    this.#answers = answers
  }

  static async open(options: ApplyOptions, settings: StoredSettings): Promise<RequestTaker> {
    return new RequestTaker(options, settings, await Answers.open(options.env))
  }

  /** Some of them; nothing more once the board reboots. */
  async takeSome(waiting: readonly Request[]): Promise<void> {
    const spool = settingsSpool(this.#options.env)
    for (const request of waiting.slice(BATCH)) await discard(request, spool)
    for (const request of waiting.slice(0, BATCH)) {
      if (this.#options.signal.aborted || this.#isRebooting) return
      await this.#take(await takeRequest(request, spool), await mayAsk(request.uid, this.#options.env))
    }
  }

  async #take(taken: Taken, isAllowed: boolean): Promise<void> {
    const { log } = this.#options
    const text = 'bytes' in taken ? taken.bytes.toString('latin1') : ''
    const request = parseRequest(text)
    if (request === undefined || !isAllowed) {
      const unknown = 'error' in taken ? errorMessage(taken.error) : 'is no request that oobm-apply knows'
      const cause = isAllowed ? unknown : 'only oobm-supervisor and root may ask'
      log.warn({ file: taken.name, text: printable(text, 80), cause }, 'refused a request')
      return
    }
    const asked = requestText(request)
    const { result, detail } = await this.#serve(request)
    await this.#answers.keep(request.step, { request: asked, at: heartbeatNow(), result, detail })
    log[result === 'done' ? 'info' : 'warn']({ request: asked, result, cause: detail }, 'served a request')
  }

  async #serve(request: RecoveryRequest): Promise<Verdict> {
    if (request.step === 'reboot') return this.#reboot()
    const { step } = request
    const now = heartbeatNow()
    const cause =
      whyNotYet(step, this.#answers.last(step), now) ?? (step === 'hotspot-on' ? await this.#proving() : undefined)
    if (cause !== undefined) return { result: 'refused', detail: cause }
    // Before it is tried: who is killed meanwhile does not begin anew.
    await this.#answers.keep(
      step,
      { request: requestText(request), at: now, result: 'failed', detail: INTERRUPTED },
      now,
    )
    return useRadio(`${step}-${request.interface}`, request.interface)
  }

  /** While nobody else changes the settings: an import must not be cut short. */
  async #reboot(): Promise<Verdict> {
    let verdict: Verdict = { result: 'refused', detail: 'another program is changing the settings of this device' }
    await this.#settings.whileOurs(async () => {
      const now = heartbeatNow()
      const reboots = await this.#answers.reboots(now)
      const cause = await this.#whyNoReboot(reboots.last)
      verdict = cause === undefined ? { result: 'done', detail: '' } : { result: 'refused', detail: cause }
      if (cause !== undefined) return
      const { clock, log } = this.#options
      await this.#answers.countReboot(reboots, now, clock.wallMs())
      log.warn({ count: reboots.count + 1 }, 'reboots the board: its way out is stuck, and nothing else helped')
      try {
        await spawn('systemctl', ['reboot'], { timeout: LIMIT_MS })
        this.#isRebooting = true
      } catch (err) {
        verdict = { result: 'failed', detail: `systemctl reboot: ${printable(errorMessage(err), 300)}` }
      }
    })
    return verdict
  }

  async #whyNoReboot(last: Parameters<typeof whyNoReboot>[0]['last']): Promise<string | undefined> {
    const { env } = this.#options
    const [supervisor, bridge, processes, stored] = await Promise.all([
      readSupervisor(env),
      readConsoleBridge(env),
      processesIn(env.OOBM_PROC ?? '/proc'),
      this.#settings.current().catch(err => {
        if (!(err instanceof UserError)) throw err
      }),
    ])
    if (stored === undefined) return 'the settings of this device cannot be read'
    const { config } = stored.provisioning
    return whyNoReboot({
      ...{ isSwitchedOff: !config.recovery.reboot, supervisor, bridge, now: heartbeatNow(), last },
      loggedIn: loggedIn(processes, config.selftest.user),
      busy: await this.#busy(changingProgram(processes)),
    })
  }

  /** What is being proved, or about to be: it is judged by a way out that a hotspot would take. */
  async #proving(): Promise<string | undefined> {
    const { root, env } = this.#options
    const trial = await readTrial(root).catch(() => undefined)
    if (trial?.phase === 'trial') return 'settings are on trial: they are proved, or undone, within 10 minutes'
    if (this.#settings.restarts.due.length > 0) return 'new settings are taking effect'
    if (existsSync(upgradeTrialPath(env))) return 'a system upgrade is on trial'
    return undefined
  }

  async #busy(changing: string | undefined): Promise<string | undefined> {
    const { root, env } = this.#options
    const trial = await readTrial(root).catch(() => 'damaged')
    if (trial !== undefined) return 'settings from afar are on trial'
    if (existsSync(join(root, SECRETS_DIRECTORY, 'next.toml'))) return 'settings are being installed'
    if (this.#settings.restarts.due.length > 0) return 'new settings are taking effect'
    if (existsSync(upgradeTrialPath(env))) return 'an upgrade is on trial'
    if (await hasSomebody(env)) return 'somebody is on the hotspot'
    if (changing !== undefined) return `${changing} is changing this system`
    return undefined
  }
}

/** The folder is its group's, which is technicians' too. What runs as the supervisor has its own runtime folder. */
async function mayAsk(uid: number, env: NodeJS.ProcessEnv): Promise<boolean> {
  if (uid === 0) return true
  const folder = await stat(directoriesOf('oobm', env).runtime).catch(() => undefined)
  return folder?.uid === uid
}

/** The unit has the rights to do it, and looks at the interface itself. */
async function useRadio(what: string, name: string): Promise<Verdict> {
  const unit = `oobm-wifi-radio@${what}.service`
  try {
    await spawn('systemctl', ['start', unit], { timeout: LIMIT_MS })
    return { result: 'done', detail: '' }
  } catch (err) {
    const code = await exitCodeOf(unit)
    const fault = RADIO_FAULTS[code]
    if (fault !== undefined) return { ...fault, detail: `${name} ${fault.detail}` }
    return { result: 'failed', detail: `${unit}: ${printable(errorMessage(err), 300)}` }
  }
}

async function exitCodeOf(unit: string): Promise<number> {
  const { stdout } = await spawn('systemctl', ['show', '-P', 'ExecMainStatus', unit], { timeout: LIMIT_MS }).catch(
    () => ({ stdout: '' }),
  )
  await spawn('systemctl', ['reset-failed', unit], { timeout: LIMIT_MS }).catch(() => {})
  return Number(stdout)
}
