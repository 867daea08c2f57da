/** The paths of a relay's state: on a dedicated relay below /var/lib/oobm, on a shared one in the login's folder. */
import { join } from 'node:path'
import type { Options, OptionValues } from '../../../cli/command.ts'
import { type RelayPaths, relayPaths } from '../relay-paths.ts'

export type StatePaths = Pick<
  RelayPaths,
  'devices' | 'maintenance' | 'settings' | 'enrolments' | 'history' | 'logins' | 'events'
>

export const STATE_OPTIONS = {
  root: { value: 'DIR', help: 'read the relay of the system below DIR' },
  state: { value: 'DIR', help: 'the directory of a shared relay, such as ~oobm/.oobm' },
} as const satisfies Options

export function statePathsOf(values: OptionValues): StatePaths {
  if (values.state === undefined) return relayPaths(values.root === undefined ? undefined : String(values.root))
  const directory = String(values.state)
  // oobm-device-command looks for `maintenance` and `settings` beside the folder of their records.
  return {
    devices: join(directory, 'state'),
    maintenance: join(directory, 'maintenance'),
    settings: join(directory, 'settings'),
    enrolments: join(directory, 'enrolments'),
    history: join(directory, 'history.jsonl'),
    logins: join(directory, 'logins'),
    events: join(directory, 'events.json'),
  }
}
