/** `oobm-relay remove`: takes an entry out of the fleet file; or, on a relay, all that `apply` made there. */

import { type Command, usageError } from '../command.ts'
import { removeEntry } from '../edit/remove-entry.ts'
import { RELAY_OPTIONS } from '../prepare.ts'
import { AT_RELAY_OPTIONS } from '../remote/at-relay.ts'
import { removeAll } from './remove-all.ts'

export const remove: Command = {
  usage: 'device|technician|console NAME\n--all [--name RELAY] [--relay NAME] [--no-systemd] [--root DIR]',
  summary:
    'take an entry and all that refers to it out of the fleet file; --all: for a dedicated relay: take away all that apply made',
  options: {
    all: { type: 'boolean', help: 'end a relay, and leave no trace on its host' },
    name: {
      type: 'string',
      value: 'RELAY',
      help: 'the name of the relay, to confirm; you are asked for it otherwise, because it cannot be undone',
    },
    ...AT_RELAY_OPTIONS,
    ...RELAY_OPTIONS,
  },
  atRelay: { when: ({ all }) => all === true, isDedicated: true, stdin: 'typed' },
  runBare: input => {
    if (!input.values.all) return removeEntry(input)
    if (input.positionals.length > 0) usageError('remove an entry, or --all, not both')
    return removeAll(input)
  },
}
