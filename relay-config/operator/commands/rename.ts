/** `oobm-relay rename`: renames an entry of the fleet file, also where others refer to it. */
import { type Command, defineCommand } from '../command.ts'
import { renameEntry } from '../edit/remove-entry.ts'

const renameOf = (kind: 'device' | 'technician' | 'console', value: string): Command =>
  defineCommand({
    summary: `rename a ${kind} in the fleet file, also where others refer to it`,
    arguments: [
      { value, help: `the ${kind}` },
      { value: 'NEW', help: 'its new name' },
    ],
    run: input => renameEntry(input, kind),
  })

export const rename = defineCommand({
  summary: 'rename a device, technician or console in the fleet file',
  commands: {
    device: renameOf('device', 'DEVICE'),
    technician: renameOf('technician', 'TECHNICIAN'),
    console: renameOf('console', 'CONSOLE'),
  },
})
