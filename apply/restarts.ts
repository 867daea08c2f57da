/** Lets changed settings take effect: which units must start anew, and that it happens even if this program is killed meanwhile. */
import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import spawn from 'nano-spawn'
import { planImport } from '../device/import/plan-import.ts'
import { readIfThere } from '../device/import/stored.ts'
import type { Provisioning } from '../formats/provisioning.ts'
import { errorMessage } from '../runtime/errors.ts'
import { writeAtomically } from '../runtime/write-atomically.ts'
import { takesSomething } from './combine.ts'

/** In the order in which they start. `network`: what `oobm provision` makes of the site's settings, and the logins to networks. */
const UNITS = ['network', 'oobm-supervisor', 'oobm-console'] as const
export type Unit = (typeof UNITS)[number]

export interface Restart {
  unit: Unit
  /** `idle`: nobody loses a right by the change, so that nobody's session is cut off for it. */
  when: 'now' | 'idle'
}

export const ALL: readonly Restart[] = [
  { unit: 'oobm-supervisor', when: 'now' },
  { unit: 'oobm-console', when: 'now' },
]

/** As the daemons will read them: the paths of host keys are filled in. Who brought a network changes nothing for them. */
export function effective(provisioning: Provisioning) {
  const { secrets, site } = provisioning
  const wifi = site.wifi.map(({ source: _, ...network }) => network)
  return { config: planImport(provisioning).config, secrets, site: { ...site, wifi } }
}

type Effective = ReturnType<typeof effective>

/** Each daemon reads its settings at its start. People and consoles are the bridge's, the rest is the supervisor's, too. */
export function restartsFor(from: Provisioning, to: Provisioning): Restart[] {
  const [before, after] = [effective(from), effective(to)]
  const differs = (part: (of: Effective) => unknown) => JSON.stringify(part(before)) !== JSON.stringify(part(after))
  const isConnection = differs(({ config: { technicians, contact, page, speech, ...rest }, secrets }) => [
    rest,
    secrets.relayPassword,
    secrets.proxyPassword,
  ])
  const isPeople = differs(({ config: { technicians } }) => technicians)
  const isConsoles = differs(({ config: { device, consoles, sparePorts, bridge } }) => [
    ...[device, consoles, sparePorts, bridge],
  ])
  const isSite = differs(({ site }) => site)
  return [
    ...(isSite ? [{ unit: 'network', when: 'now' } as const] : []),
    // After a change of the network too: its proof must be a new one.
    ...(isConnection || isSite ? [{ unit: 'oobm-supervisor', when: 'now' } as const] : []),
    ...(isConsoles || isPeople
      ? [
          {
            unit: 'oobm-console',
            when: isConsoles || takesSomething(before.config, after.config) ? 'now' : 'idle',
          } as const,
        ]
      : []),
  ]
}

/** Milliseconds for one unit: systemd waits that long until a slow board's daemon is ready. */
const LIMIT_MS = 630_000
/** How often the network is restarted until it succeeds: of a daemon that fails, systemd itself starts another one. */
const NETWORK_TRIES = 3

/** Those that are due, in a file that outlives this process but not the boot: at a boot every unit is new. */
export class Restarts {
  readonly #path: string
  #due: Restart[] = []

  readonly #provisioning: string
  #networkFailures = 0

  private constructor(directory: string, provisioning: string) {
    this.#path = join(directory, 'restarts.json')
    this.#provisioning = provisioning
  }

  /** @param provisioning where `oobm provision` writes for this boot */
  static async open(directory: string, provisioning: string): Promise<Restarts> {
    const restarts = new Restarts(directory, provisioning)
    const text = await readIfThere(restarts.#path)
    if (text !== undefined) restarts.#due = JSON.parse(text)
    return restarts
  }

  get due(): readonly Restart[] {
    return this.#due
  }

  /** Before the settings change: who is killed in between restarts too much, and never too little. */
  async plan(more: readonly Restart[]): Promise<void> {
    const due = UNITS.flatMap((unit): Restart[] => {
      const all = [...this.#due, ...more].filter(one => one.unit === unit)
      if (all.length === 0) return []
      return [{ unit, when: all.some(({ when }) => when === 'now') ? 'now' : 'idle' }]
    })
    await this.#keep(due)
  }

  /**
   * Restarts what is due now, and what nobody uses.
   * @param inUse units whose restart may cut somebody off
   * @returns what went wrong, one sentence each
   */
  async perform(inUse: readonly string[]): Promise<string[]> {
    const problems: string[] = []
    for (const { unit, when } of this.#due) {
      if (when === 'idle' && (unit === 'network' ? inUse.length > 0 : inUse.includes(unit))) continue
      try {
        if (unit === 'network') await this.#restartNetwork()
        else await systemctl('restart', unit)
        if (unit === 'network') this.#networkFailures = 0
      } catch (err) {
        problems.push(`${unit} could not be restarted: ${errorMessage(err)}`)
        // It stays due: a board that was too busy would stay in a network that leads nowhere.
        if (unit === 'network' && ++this.#networkFailures < NETWORK_TRIES) continue
      }
      await this.#keep(this.#due.filter(one => one.unit !== unit))
    }
    return problems
  }

  /**
   * networkd takes over what changed, and leaves the rest alone (networkctl(1), reload). systemd asks it: networkctl refuses in
   * another network namespace than networkd's, and this unit has one of its own.
   */
  async #restartNetwork(): Promise<void> {
    // The supervisor has it switched on again, with the settings that it has then.
    await this.endHotspot()
    const before = await this.#interfaceUnits()
    await systemctl('restart', 'oobm-provision')
    await systemctl('reload', 'systemd-networkd')
    const after = await this.#interfaceUnits()
    for (const unit of before) if (!after.includes(unit)) await systemctl('stop', unit)
    for (const unit of after) {
      // It is of an address that may not be local now; `oobm-sides` starts it then.
      const target = /^oobm-router@(.+)$/.exec(unit)?.[1]
      if (target === undefined || (await isActive(`oobm-local@${target}.target`))) await systemctl('restart', unit)
    }
  }

  /** Where there is one: the unit itself lets the radio log in to its networks again. */
  async endHotspot(): Promise<void> {
    const names = await readdir(this.#provisioning).catch(() => [])
    if (names.some(name => name.startsWith('hotspot-'))) await systemctl('stop', 'oobm-hotspot@*')
  }

  /** Units of the interfaces that log in to a network, or have a fallback address, lead hosts out, or are dialled. */
  async #interfaceUnits(): Promise<string[]> {
    const names = await readdir(this.#provisioning).catch(() => [])
    return names.flatMap(name => {
      const [, login] = /^wpa_supplicant-(.+)\.conf$/.exec(name) ?? []
      const [, fallback] = /^fallback-(.+)$/.exec(name) ?? []
      const [, router] = /^router-(.+)$/.exec(name) ?? []
      if (router !== undefined) return [`oobm-router@${router}`]
      // systemd-escape(1).
      const instance = (login ?? fallback)?.replaceAll('-', '\\x2d')
      if (name === 'cellular.toml') return ['oobm-modem']
      return instance === undefined ? [] : [`oobm-${login === undefined ? 'fallback' : 'wpa'}@${instance}`]
    })
  }

  async #keep(due: Restart[]): Promise<void> {
    this.#due = due
    if (due.length === 0) await rm(this.#path, { force: true })
    else await writeAtomically(this.#path, JSON.stringify(due), 0o600)
  }
}

async function systemctl(verb: 'restart' | 'reload' | 'stop', unit: string): Promise<void> {
  await spawn('systemctl', [verb, `${unit}.service`], { timeout: LIMIT_MS })
}

/** systemctl(1): is-active fails for what is not. */
async function isActive(unit: string): Promise<boolean> {
  return spawn('systemctl', ['is-active', '--quiet', unit], { timeout: LIMIT_MS }).then(
    () => true,
    () => false,
  )
}
