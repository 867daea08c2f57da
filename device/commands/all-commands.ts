/** Every command of `oobm`: the table from which the program, its help, man page and completion are made. */
import type { Program } from '../../cli/command.ts'
import { VERSION } from '../../runtime/version.ts'
import type { Command } from '../command.ts'
import { consoleCommand } from './console.ts'
import { doctorCommand } from './doctor.ts'
import { filesCommand } from './files.ts'
import { historyCommand } from './history.ts'
import { hotspotCommand } from './hotspot.ts'
import { importCommand } from './import.ts'
import { ledCommand } from './led.ts'
import { linesCommand } from './lines.ts'
import { outletsCommand } from './outlets.ts'
import { peopleCommand } from './people.ts'
import { powerCommand } from './power.ts'
import { provisionCommand } from './provision.ts'
import { sayCommand } from './say.ts'
import { settingsCommand } from './settings.ts'
import { statusCommand } from './status.ts'
import { testCommand } from './test.ts'
import { upgradeCommand } from './upgrade.ts'
import { wifiCommand } from './wifi.ts'

export const PROGRAM: Program<Command> = {
  name: 'oobm',
  summary: 'show, test and set up the out-of-band access of this device',
  version: VERSION,
  groups: {
    'Find out whether technicians can get in': {
      status: statusCommand,
      test: testCommand,
      doctor: doctorCommand,
      history: historyCommand,
      led: ledCommand,
      say: sayCommand,
    },
    'Use the serial consoles, and the power of what is at them': { console: consoleCommand, power: powerCommand },
    'Give files to equipment': { files: filesCommand },
    'Set up and upgrade': {
      import: importCommand,
      settings: settingsCommand,
      wifi: wifiCommand,
      hotspot: hotspotCommand,
      upgrade: upgradeCommand,
    },
    'Run by systemd': {
      provision: provisionCommand,
      people: peopleCommand,
      lines: linesCommand,
      outlets: outletsCommand,
    },
  },
  options: {},
}
