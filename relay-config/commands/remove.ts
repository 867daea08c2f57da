/** `oobm-relay remove`: takes an entry out of the fleet file. */
import { removeEntry } from '../edit/remove-entry.ts'
import type { Command } from './command.ts'

export const remove: Command = {
  usage: 'device|technician|console NAME',
  summary: 'take an entry and all that refers to it out of the fleet file',
  options: {},
  // Here `--all`, which takes everything of ours off this relay, is to be told from the rest: it needs no fleet file.
  runBare: removeEntry,
}
