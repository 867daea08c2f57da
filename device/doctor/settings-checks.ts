/** `oobm doctor` on settings from afar: what was refused, undone or is on trial, on a device that takes any. */
import { access, constants } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { settingsRecordPath } from '../../formats/directories.ts'
import type { SettingsTrust } from '../../formats/provisioning.ts'
import { nameOf, RESULTS, readSettingsRecord, type SettingsRecord } from '../../formats/settings-record.ts'
import { readFloor } from '../import/stored.ts'
import { type Check, type Finding, ok, warning, wrong } from './finding.ts'

const WHAT = 'settings from afar'

export function settingsChecks(env: NodeJS.ProcessEnv): Check[] {
  return [
    {
      what: WHAT,
      run: async report => {
        const { trust = { serial: 0, signers: [] }, damaged } = await readFloor(env.OOBM_ROOT ?? '/')
        for (const path of damaged)
          report(
            wrong(
              WHAT,
              `${path} is damaged`,
              'sudo oobm import FILE, with any oobm.toml for this device, writes it anew',
            ),
          )
        const record = await readSettingsRecord(settingsRecordPath(env))
        findingsOn(record, trust, await isInstalled('age', env)).forEach(report)
      },
    },
  ]
}

/** None on a device that takes no settings from afar, and was brought none. */
export function findingsOn(
  record: SettingsRecord | undefined,
  { serial, signers }: SettingsTrust,
  hasAge: boolean,
): Finding[] {
  const last = record?.outcomes.findLast(({ byHand }) => byHand === undefined)
  if (signers.length === 0 && last === undefined) return []
  const age =
    hasAge || signers.length === 0
      ? []
      : [warning(WHAT, 'age is not installed: a document with secrets is refused', 'sudo apt install age')]
  const trial = record?.trial ?? undefined
  if (trial !== undefined) {
    const detail = `the connectivity of ${nameOf(trial)} is not decided: ${trial.cause}`
    return [...age, warning(WHAT, detail, 'oobm settings shows how it ends')]
  }
  const isGood = last === undefined || last.result === 'in-force' || last.result === 'confirmed'
  if (isGood) return [...age, ok(WHAT, `number ${serial}`)]
  const number = last.serial === null ? '' : ` (number ${last.serial})`
  const detail = `the last document${number}: ${RESULTS[last.result]}: ${last.detail.split('\n')[0]}`
  return [...age, warning(WHAT, detail, 'oobm settings shows all of them; the operator signs a new document')]
}

async function isInstalled(program: string, { PATH = '' }: NodeJS.ProcessEnv): Promise<boolean> {
  const found = PATH.split(delimiter).map(folder =>
    access(join(folder, program), constants.X_OK).then(
      () => true,
      () => false,
    ),
  )
  return (await Promise.all(found)).includes(true)
}
