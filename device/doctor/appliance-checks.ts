/** `oobm doctor` on what the appliance's start found: the file on the boot partition, the data partition, an upgrade. */
import { join } from 'node:path'
import { applianceFactsDirectory, provisioningFaultPath } from '../../formats/directories.ts'
import { readIfThere } from '../import/stored.ts'
import { TAKEN_PATH } from '../provision/provision.ts'
import { type Check, type Finding, ok, wrong } from './finding.ts'

/** None on a machine that is not the appliance and imports no files from a card. */
export function applianceChecks(env: NodeJS.ProcessEnv): Check[] {
  const fact = async (name: string) => (await readIfThere(join(applianceFactsDirectory(env), name)))?.trim()
  return [
    {
      what: 'boot partition',
      run: async report => {
        for (const finding of await checkBootPartition(env)) report(finding)
      },
    },
    {
      what: 'data partition',
      run: async report => {
        const state = await fact('data')
        if (state !== undefined) report(describeData(state, await fact('why')))
        const fallen = await fact('fallen')
        if (fallen !== undefined) report(describeFallen(fallen))
      },
    },
  ]
}

async function checkBootPartition(env: NodeJS.ProcessEnv): Promise<Finding[]> {
  const what = 'boot partition'
  const fault = await readIfThere(provisioningFaultPath(env))
  if (fault !== undefined) {
    return [
      wrong(
        what,
        fault.trim(),
        'ask the operator for a corrected oobm.toml; put it on the card and restart, or use sudo oobm import FILE',
      ),
    ]
  }
  // Only root can read it; for others there is none.
  const taken = await readIfThere(TAKEN_PATH).catch(() => undefined)
  if (taken === undefined) return []
  const detail = 'an imported oobm.toml could not be removed from the card; it contains keys'
  return [wrong(what, detail, 'remove oobm*.toml from the card on a PC; the card may be write-protected or full')]
}

function describeData(state: string, why: string | undefined): Finding {
  const what = 'data partition'
  if (state === 'lost') {
    const detail = `${why ?? 'it cannot be used'}: no change survives a restart`
    return wrong(what, detail, 'replace the card: flash a new one, and put the oobm.toml of this device on it')
  }
  if (state === 'repaired')
    return ok(what, 'had faults at this start and was repaired; if this happens again, replace the card')
  return ok(what, state === 'made' ? 'created at this start' : '')
}

function describeFallen(generation: string): Finding {
  const detail = `generation ${generation} did not prove itself; the previous one runs again`
  return wrong('system upgrade', detail, 'see /data/system/upgrade.log; then try again: sudo oobm upgrade FILE')
}
