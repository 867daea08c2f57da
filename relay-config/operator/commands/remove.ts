/** `oobm-relay remove`: removes an entry from the fleet file; or, on a relay, all that `apply` made there. */
import { usageError } from '../../../cli/command.ts'
import { type Command, defineCommand } from '../command.ts'
import { removeEntry } from '../edit/remove-entry.ts'
import { RELAY_OPTIONS } from '../prepare.ts'
import { AT_RELAY_OPTIONS } from '../remote/at-relay.ts'
import { removeAll } from './remove-all.ts'

const removeOf = (kind: 'device' | 'technician' | 'console', value: string): Command =>
  defineCommand({
    summary: `remove a ${kind} from the fleet file, and from all lists there`,
    arguments: [{ value, help: `the ${kind}` }],
    run: input => removeEntry(input, kind),
  })

export const remove = defineCommand({
  summary: 'remove a device, technician or console from the fleet file; with --all, a dedicated relay',
  options: {
    all: { help: 'remove all that "apply" made on a dedicated relay' },
    name: { value: 'RELAY', help: 'the name of that relay, to confirm; asked for when not given' },
    ...AT_RELAY_OPTIONS,
    ...RELAY_OPTIONS,
  },
  commands: {
    device: removeOf('device', 'DEVICE'),
    technician: removeOf('technician', 'TECHNICIAN'),
    console: removeOf('console', 'CONSOLE'),
  },
  atRelay: { when: ({ all }) => all === true, isDedicated: true, stdin: 'typed' },
  run: async input => (input.values.all ? removeAll(input) : usageError('name what to remove, or give --all')),
})
