/** What systemd does for a unit of the device: its directories, its own secrets, and the environment that names them. */
import { cp, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { CONFIG_PATH } from '../device/import/plan-import.ts'
import { SECRETS, SECRETS_DIRECTORY } from '../formats/provisioning.ts'
import { errorCode } from '../runtime/errors.ts'

export type UnitEnvironment = Record<
  'OOBM_CONFIG' | 'OOBM_FILES' | 'RUNTIME_DIRECTORY' | 'STATE_DIRECTORY' | 'CREDENTIALS_DIRECTORY',
  string
>

/**
 * @param device the folder in the place of the device's root
 * @param unit the unit's directory name below /run and /var/lib: `oobm` or `oobm-console`
 */
export async function prepareUnit(device: string, unit: string): Promise<UnitEnvironment> {
  const runtime = join(device, 'run', unit)
  const state = join(device, 'var/lib', unit)
  const credentials = join(device, 'run/credentials', unit)
  const files = join(device, 'var/lib/oobm-files')
  for (const directory of [runtime, state, credentials, files]) await mkdir(directory, { recursive: true, mode: 0o700 })
  for (const secret of Object.values(SECRETS).filter(secret => secret.unit === unit)) {
    await cp(join(device, SECRETS_DIRECTORY, secret.source), join(credentials, secret.file)).catch(err => {
      // Not every device has every secret.
      if (errorCode(err) !== 'ENOENT') throw err
    })
  }
  return {
    OOBM_CONFIG: join(device, CONFIG_PATH),
    OOBM_FILES: files,
    RUNTIME_DIRECTORY: runtime,
    STATE_DIRECTORY: state,
    CREDENTIALS_DIRECTORY: credentials,
  }
}
