/** Where a relay keeps what it knows of its devices: on a dedicated relay below /var/lib/oobm, on a shared one in the login's folder. */
import { join } from 'node:path'
import type { CommandOption, OptionValues } from '../../../cli/option.ts'
import { type RelayPaths, relayPaths } from '../relay-paths.ts'

export type StatePaths = Pick<RelayPaths, 'devices' | 'maintenance' | 'history' | 'logins'>

export const STATE_OPTIONS = {
  root: { type: 'string', value: 'DIR', help: 'the root folder that the relay is below; / when left out' },
  state: { type: 'string', value: 'DIR', help: 'the directory of a shared relay, such as ~oobm/.oobm' },
} as const satisfies Record<string, CommandOption>

export function statePathsOf(values: OptionValues): StatePaths {
  if (values.state === undefined) return relayPaths(values.root === undefined ? undefined : String(values.root))
  const directory = String(values.state)
  // oobm-device-command looks for `maintenance` beside the folder of their records.
  return {
    devices: join(directory, 'state'),
    maintenance: join(directory, 'maintenance'),
    history: join(directory, 'history.jsonl'),
    logins: join(directory, 'logins'),
  }
}
