/** The script that a device's key runs on a relay, as text. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** Reads it from beside this program: in the source and, copied there by tools/bundle.ts, beside the bundle. */
export function readDeviceWord(): string {
  return readFileSync(join(import.meta.dirname, 'words', 'oobm-device-word'), 'utf8')
}
