/** `oobm-relay remove`: takes an entry out of the fleet file; or, on a relay, all that `apply` made there. */
import { RELAY_OPTIONS } from '../apply/prepare.ts'
import { removeEntry } from '../edit/remove-entry.ts'
import { type Command, usageError } from './command.ts'
import { removeAll } from './remove-all.ts'

export const remove: Command = {
  usage: 'device|technician|console NAME\n--all [--no-systemd] [--root DIR]',
  summary:
    'take an entry and all that refers to it out of the fleet file; --all: on a dedicated relay, take away all that apply made',
  options: {
    all: { type: 'boolean', help: 'on the relay, as root: end it, and leave no trace' },
    ...RELAY_OPTIONS,
  },
  runBare: input => {
    if (!input.values.all) return removeEntry(input)
    if (input.positionals.length > 0) usageError('remove an entry, or --all, not both')
    return removeAll(input)
  },
}
