/** The scripts that the keys of devices and technicians run on a relay, as text. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { RelayScripts } from '../fleet/render/install-script.ts'

/** Reads them from beside this program: in the source and, copied there by tools/bundle.ts, beside the bundle. */
export function readRelayScripts(): RelayScripts {
  const read = (name: string) => readFileSync(join(import.meta.dirname, 'forced-commands', name), 'utf8')
  return {
    deviceCommand: read('oobm-device-command'),
    technicianCommand: read('oobm-technician-command'),
    enrolCommand: read('oobm-enrol-command'),
  }
}
