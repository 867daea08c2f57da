/** Wires what userdata names to the tunnels; without `[userdata]` they go to the relays of the configuration alone. */
import { existsSync } from 'node:fs'
import type { DeviceConfig } from '../../formats/device-config.ts'
import { settingsRecordPath, upgradeTrialPath } from '../../formats/directories.ts'
import { readSettingsRecord } from '../../formats/settings-record.ts'
import { systemClock as clock } from '../../runtime/clock.ts'
import { errorMessage } from '../../runtime/errors.ts'
import type { Logger } from '../../runtime/log.ts'
import { pathOf } from '../../transport/path-of.ts'
import type { Broadcast } from '../loop/wake.ts'
import type { Reporter } from '../status/report-to-relay.ts'
import type { StatusKeeper } from '../status/status-keeper.ts'
import { followUserdata } from './follow-userdata.ts'
import { getUserdata } from './get-userdata.ts'
import { readKept, removeKept, writeKept } from './kept-userdata.ts'
import { pinDestinations } from './pin-destinations.ts'
import { PlannedTunnels } from './planned-tunnels.ts'
import { UserdataPlan } from './userdata-plan.ts'

export interface UserdataDaemon {
  env: NodeJS.ProcessEnv
  directories: { state: string }
  keeper: StatusKeeper
  reporter: Pick<Reporter, 'userdataDecided'>
  events: Broadcast
  signal: AbortSignal
  log: Logger
}

/** What was proved last is used from the start; looks at the address begin, and go on until the signal is aborted. */
export async function tunnelsByUserdata(config: DeviceConfig, daemon: UserdataDaemon): Promise<PlannedTunnels> {
  const { env, directories, keeper, reporter, events, signal, log } = daemon
  const settings = config.userdata
  if (settings === undefined) {
    await forget(directories.state, log)
    return new PlannedTunnels([])
  }
  const kept = await readKept(directories.state, log)
  const pinned = pinDestinations(kept, config)
  if (!pinned.ok) {
    log.warn({ cause: pinned.cause }, 'the relay that userdata named is no longer used')
    await forget(directories.state, log)
  }
  const isHeld = await hasOthersOnTrial(env)
  const plan = new UserdataPlan(pinned.ok ? kept : [], { trialMs: settings.trialS * 1_000, isHeld })
  const tunnels = new PlannedTunnels(pinned.ok && !isHeld ? pinned.relays : [])
  const situation = async () => {
    const { maintenance, sessions, consolesInUse } = keeper.facts
    const isOff = maintenance !== 'on'
    const isIn = sessions.shell + sessions.console + consolesInUse.length > 0
    const isUpgrading = existsSync(upgradeTrialPath(env))
    const reasons = [isIn && 'somebody is in', isOff && 'access is switched off']
    const busy = [...reasons, isUpgrading && 'a system upgrade is on trial'].find(reason => reason !== false)
    return { busy, isOff, isHeld: await hasOthersOnTrial(env) }
  }
  const following = followUserdata({
    ...{ settings, config, plan, tunnels, situation, events, clock, random: Math.random, signal, log },
    get: () => getUserdata(settings, { pathOf, clock, signal }),
    keep: destinations => writeKept(directories.state, destinations),
    onOutcome: (_, text) => reporter.userdataDecided(text),
    onStatus: userdata => keeper.report({}, { userdata }),
  })
  void following.catch(err => log.error({ err }, 'nobody looks at the userdata'))
  return tunnels
}

/** Whether the relays of a signed document are on trial: they must prove themselves without those that userdata names. */
async function hasOthersOnTrial(env: NodeJS.ProcessEnv): Promise<boolean> {
  const record = await readSettingsRecord(settingsRecordPath(env)).catch(() => undefined)
  return record?.trial?.phase === 'trial' && record.trial.byHand === undefined
}

async function forget(state: string, log: Logger): Promise<void> {
  await removeKept(state).catch(err =>
    log.error({ cause: errorMessage(err) }, 'the key of earlier userdata cannot be removed'),
  )
}
