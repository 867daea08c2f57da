/** `oobm-relay rename`: gives an entry of the fleet file another name, wherever it stands. */
import { type Command, defineCommand } from '../command.ts'
import { renameEntry } from '../edit/remove-entry.ts'

const renameOf = (kind: 'device' | 'technician' | 'console', value: string): Command =>
  defineCommand({
    summary: `rename a ${kind} in the fleet file, wherever it stands`,
    arguments: [
      { value, help: `the ${kind}` },
      { value: 'NEW', help: 'its new name' },
    ],
    run: input => renameEntry(input, kind),
  })

export const rename = defineCommand({
  summary: 'rename a device, technician or console in the fleet file, wherever it stands',
  commands: {
    device: renameOf('device', 'DEVICE'),
    technician: renameOf('technician', 'TECHNICIAN'),
    console: renameOf('console', 'CONSOLE'),
  },
})
