/** The effect of each exec command, a file each. `attach` and `watch` are sessions, which the connection opens. */
import type { ExecCommand, ExecCommandName } from '../../formats/exec-commands.ts'
import type { SessionExit } from '../session/exit-codes.ts'
import { alertsCommand } from './alerts.ts'
import { autobaudCommand } from './autobaud.ts'
import { breakCommand } from './break.ts'
import type { CommandContext, Execute } from './command.ts'
import { dismissCommand } from './dismiss.ts'
import { helpCommand } from './help.ts'
import { logCommand } from './log.ts'
import { kickCommand, messageCommand, noteCommand, whoCommand } from './people.ts'
import { powerCommand } from './power.ts'
import { recordingsExportCommand, recordingsListCommand, recordingsPlayCommand } from './recordings.ts'
import { releaseCommand } from './release.ts'
import { runCommand } from './run.ts'
import { setCommand } from './set.ts'
import { listCommand, statusCommand } from './status.ts'
import { tellCommand } from './tell.ts'
import { xmodemCommand, ymodemCommand } from './transfer.ts'

export type EffectName = Exclude<ExecCommandName, 'attach' | 'watch'>

const EFFECTS: { [Name in EffectName]: Execute<Name> } = {
  break: breakCommand,
  release: releaseCommand,
  log: logCommand,
  set: setCommand,
  autobaud: autobaudCommand,
  power: powerCommand,
  who: whoCommand,
  note: noteCommand,
  message: messageCommand,
  kick: kickCommand,
  run: runCommand,
  alerts: alertsCommand,
  'recordings list': recordingsListCommand,
  'recordings play': recordingsPlayCommand,
  'recordings export': recordingsExportCommand,
  xmodem: xmodemCommand,
  ymodem: ymodemCommand,
  status: statusCommand,
  list: listCommand,
  help: helpCommand,
  dismiss: dismissCommand,
  tell: tellCommand,
}

/** @returns the exit code */
export function execute<Name extends EffectName>(
  command: ExecCommand<Name>,
  context: CommandContext,
): Promise<SessionExit> {
  return EFFECTS[command.name](command, context)
}
