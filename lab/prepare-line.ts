/** What root does on a device for a console that is no serial port: its line and its addresses, for `oobm-line`. */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { consoleSchema } from '../formats/console-settings.ts'
import { hostsOf, lineSpecOf } from '../formats/line-spec.ts'

/**
 * @param device the folder in the place of the device's root
 * @param equipment path of the line of the console
 * @returns the program's environment; undefined for a line that the bridge opens itself
 */
export async function prepareLine(device: string, equipment: string, name: string) {
  const console = consoleSchema.parse({ name, path: equipment })
  const spec = lineSpecOf(console)
  if (spec === undefined) return undefined
  const credentials = join(device, 'run/credentials/oobm-line')
  const sockets = join(device, 'run/oobm-line')
  for (const folder of [credentials, sockets]) await mkdir(folder, { recursive: true, mode: 0o700 })
  await writeFile(join(credentials, 'spec'), JSON.stringify(spec), { mode: 0o600 })
  // There is no firewall here, so the program may resolve the names itself.
  await writeFile(join(credentials, 'addresses'), hostsOf(console).join('\n'), { mode: 0o600 })
  return {
    CREDENTIALS_DIRECTORY: credentials,
    OOBM_LINE_SOCKETS: sockets,
    OOBM_LINE_SOCKET: join(sockets, name),
  }
}
