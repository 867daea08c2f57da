/** `oobm-relay rename`: gives an entry of the fleet file another name, wherever it stands. */

import type { Command } from '../command.ts'
import { renameEntry } from '../edit/remove-entry.ts'

export const rename: Command = {
  usage: 'device|technician|console OLD NEW',
  summary: 'give an entry of the fleet file another name, and follow it wherever it is referred to',
  options: {},
  runBare: renameEntry,
}
