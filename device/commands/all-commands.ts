/** Every word of `oobm`, in the order of its help. */
import type { Command } from '../command.ts'
import { consoleCommand } from './console.ts'
import { doctorCommand } from './doctor.ts'
import { historyCommand } from './history.ts'
import { importCommand } from './import.ts'
import { ledCommand } from './led.ts'
import { peopleCommand } from './people.ts'
import { provisionCommand } from './provision.ts'
import { statusCommand } from './status.ts'
import { testCommand } from './test.ts'
import { upgradeCommand } from './upgrade.ts'

export const COMMANDS = new Map<string, Command>([
  ['status', statusCommand],
  ['test', testCommand],
  ['doctor', doctorCommand],
  ['console', consoleCommand],
  ['history', historyCommand],
  ['led', ledCommand],
  ['import', importCommand],
  ['provision', provisionCommand],
  ['people', peopleCommand],
  ['upgrade', upgradeCommand],
])
