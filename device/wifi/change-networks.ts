/** Changes the networks of a device: at once where nobody can be cut off by it, and on trial otherwise, by the journal and the lock of every other change. */

import { createHash, randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import spawn from 'nano-spawn'
import { WIFI_INTERFACE } from '../../formats/hotspot.ts'
import { type Site, siteSchema } from '../../formats/site-config.ts'
import { checkValue } from '../../formats/toml-file.ts'
import { EXIT, errorMessage, UserError } from '../../runtime/errors.ts'
import { finishInstallation, install } from '../import/install.ts'
import { whileLocked } from '../import/lock.ts'
import type { Table } from '../import/merge.ts'
import { readStored, readTrial } from '../import/stored.ts'
import { type Whole, wholeFrom } from '../import/take-over.ts'
import { writeWpa } from '../provision/apply-system.ts'
import { renderNetworks } from '../provision/render-wpa.ts'
import { type Board, connectionOf } from './board.ts'
import type { Connection } from './connection.ts'
import { type Change, type Plan, planChange } from './plan-change.ts'
import { renewOthers } from './renew.ts'
import { withWpa } from './wpa-control.ts'

/** Milliseconds: a slow board starts a unit that long. */
const UNIT_MS = 120_000

export interface Changed {
  plan: Plan
  /** Of a trial that has begun, as the record calls it; undefined where the change is in force. */
  digest: string | undefined
  /** Why what is installed does not take effect yet. */
  problem: string | undefined
  /** It takes effect when the hotspot ends: who changes it may be on it. */
  waitsForHotspot: boolean
}

export interface Wish {
  change: Change
  /** Where the device does not know its own yet. */
  country?: string | undefined
  /** What was typed, without secrets: `wifi prefer "Lab"`. */
  typed: string
  wallMs: number
  /** Asks the person whether sessions may be cut off. @returns whether they may */
  mayCut(plan: Plan, connection: Connection | undefined): Promise<boolean>
}

/**
 * @returns undefined when everything is so already
 * @throws UserError when it makes no sense, or the person does not want it; nothing is changed then
 */
export async function changeNetworks(board: Board, wish: Wish): Promise<Changed | undefined> {
  const { root, isUpgrading } = board
  if (isUpgrading)
    throw new UserError(
      'a system upgrade is on trial, and a change of the network could make it fail: nothing was changed. Try again in 15 minutes at the most; "sudo oobm upgrade --list" shows it',
      EXIT.unavailable,
    )
  const connection = await connectionOf(board)
  // Before the lock: a person takes as long as they like.
  const first = plan(await readSettings(root), wish, connection)
  if (first === undefined) return undefined
  if (first.plan.needsTrial && !(await wish.mayCut(first.plan, connection)))
    throw new UserError('nothing was changed', EXIT.failed)
  return whileLocked(root, async () => {
    await finishInstallation(root)
    if ((await readTrial(root)) !== undefined)
      throw new UserError(
        'other settings are on trial, or wait for it: nothing was changed. "oobm settings" shows them; try again when they are decided',
        EXIT.unavailable,
      )
    const before = await readSettings(root)
    const planned = plan(before, wish, connection)
    if (planned === undefined) return undefined
    if (planned.plan.needsTrial && !first.plan.needsTrial)
      throw new UserError('the networks have changed meanwhile, and nothing was changed now: try again')
    if (planned.plan.needsTrial)
      return {
        ...planned,
        digest: await tryOut(before, planned.whole, board, wish),
        problem: undefined,
        waitsForHotspot: false,
      }
    await install(planned.whole.text, root)
    const problem = await takeEffect(board, planned.whole.provisioning.site, planned.plan, connection)
    return { plan: planned.plan, digest: undefined, problem, waitsForHotspot: board.isHotspot }
  })
}

/** The settings of the site as they are installed. */
export async function readSite(root: string): Promise<Site> {
  const { system, wifi, interfaces, cellular } = await readSettings(root)
  const checked = checkValue({ system, wifi, interfaces, cellular }, siteSchema)
  if ('data' in checked) return checked.data
  throw new UserError(
    'the settings of the site cannot be read: "sudo oobm import FILE" brings them',
    EXIT.configuration,
  )
}

async function readSettings(root: string): Promise<Table> {
  const stored = await readStored(root)
  if (stored !== undefined) return stored
  throw new UserError(
    'this device has no settings yet: bring it an oobm.toml first, by card or by "sudo oobm import"',
    EXIT.configuration,
  )
}

function plan(
  before: Table,
  { change, country }: Pick<Wish, 'change' | 'country'>,
  connection: Connection | undefined,
): { plan: Plan; whole: Whole } | undefined {
  const { wifi } = wholeFrom(before).provisioning.site
  const planned = planChange(wifi, change, connection)
  if (planned === undefined) return undefined
  const system = { ...(before.system as Table | undefined), ...(country !== undefined && { country }) }
  return { plan: planned, whole: wholeFrom({ ...before, system, wifi: planned.wifi }) }
}

/** `oobm-apply` sees it through, whatever becomes of this process and of its session. */
async function tryOut(before: Table, next: Whole, { root }: Board, { typed, wallMs }: Wish): Promise<string> {
  const old = wholeFrom(before)
  const digest = createHash('sha256').update(next.text).update(randomBytes(16)).digest('hex')
  const { serial } = old.provisioning.settings
  await install(old.text, root, {
    ...{ byHand: typed, serial, digest, phase: 'waiting', starts: 0 },
    ...{ since: Math.round(wallMs), old: old.text, next: next.text },
  })
  return digest
}

/** @returns why it does not, with what helps */
async function takeEffect(
  { root, sockets, provisioning, unit, isHotspot, signal }: Board,
  site: Site,
  { place }: Plan,
  connection: Connection | undefined,
): Promise<string | undefined> {
  try {
    await writeWpa(site, root, provisioning.path)
    if (isHotspot) return undefined
    if (connection !== undefined && place !== undefined) {
      const { networks } = renderNetworks(site, provisioning.path)
      await withWpa(sockets, WIFI_INTERFACE, signal, control => renewOthers(control, networks, connection, place))
    } else {
      const isWanted = existsSync(join(provisioning.directory, `wpa_supplicant-${WIFI_INTERFACE}.conf`))
      await spawn('systemctl', [isWanted ? 'restart' : 'stop', unit], { timeout: UNIT_MS })
    }
    return undefined
  } catch (err) {
    return `it is stored, and takes effect when the device starts, or after: sudo systemctl restart ${unit} (${errorMessage(err)})`
  }
}
