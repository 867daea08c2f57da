/** `oobm-relay add`: puts a device, a technician or a console into the fleet file. */

import type { Command } from '../command.ts'
import { ADD_OPTIONS, addEntry } from '../edit/add-entry.ts'

export const add: Command = {
  usage: [
    'device NAME [--port N] [--relays NAME,...] [--gateway] [--console NAME --path PATH [--baud N] ...]',
    'technician NAME --key FILE|- [--consoles NAME,...|all] [--shells NAME,...|all] [--role operator|observer] ...',
    'console DEVICE NAME --path PATH [--baud N] ...',
  ].join('\n'),
  summary: 'put an entry into the fleet file, and leave the rest of it as it is',
  options: ADD_OPTIONS,
  runBare: addEntry,
}
