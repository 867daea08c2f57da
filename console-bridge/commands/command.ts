/** What an exec command gets, and how it answers. */
import type { TechnicianConfig } from '../../formats/device-config.ts'
import type { ExecCommand, ExecCommandName } from '../../formats/exec-commands.ts'
import type { ConsoleStatus, ToldAlert } from '../../formats/status-file.ts'
import type { Clock } from '../../runtime/clock.ts'
import type { Console } from '../console/console.ts'
import type { RecordingList } from '../recordings/recording-list.ts'
import { SESSION_EXIT, type SessionExit } from '../session/exit-codes.ts'
import type { TransferPlaces } from '../session/transfer-dialog.ts'
import type { TranscriptAccess } from '../transcript/transcript.ts'
import { consoleOf, noConsoleText, type Visit } from './visit.ts'

/** Where a command reads and writes. */
export interface CommandStream {
  /** The client has a terminal: output and messages are one stream, and Ctrl-C ends the command. */
  readonly interactive: boolean
  /** Writes to standard output as it is. Resolves when there is room for more, or when gone: await it. */
  write(bytes: Buffer): Promise<void>
  /** Writes lines to standard output. */
  print(...lines: string[]): Promise<void>
  /** Writes lines to standard error. */
  complain(...lines: string[]): Promise<void>
  /** Standard input, for a command that the table lets read it; ends with it, or when gone. Not read, it waits. */
  readonly input: AsyncIterable<Buffer>
  /** Aborted when the client left, when it pressed Ctrl-C on a terminal, and at the end of the program. */
  readonly gone: AbortSignal
}

/** What every command may use. */
export interface CommandServices {
  consoles: readonly Console[]
  status(): ConsoleStatus
  transcripts: TranscriptAccess
  recordings: RecordingList
  /** What the rules of a console found, the latest last. */
  alertsOf(console: string): readonly ToldAlert[]
  /** For files on their way. */
  places: TransferPlaces
  /** The escape key, `ctrl-]`. */
  escapeKey: string
  technicians: readonly TechnicianConfig[]
  clock: Clock
  /** The end of the program, not of the command. */
  signal: AbortSignal
}

export interface CommandContext extends CommandServices {
  visit: Visit
  stream: CommandStream
}

export type Execute<Name extends ExecCommandName> = (
  command: ExecCommand<Name>,
  context: CommandContext,
) => Promise<SessionExit>

/** A command that acts on the console of the login name: without one it says so. */
export function onConsole<Name extends ExecCommandName>(
  effect: (console: Console, command: ExecCommand<Name>, context: CommandContext) => Promise<SessionExit>,
): Execute<Name> {
  return async (command, context) => {
    const { visit, stream } = context
    const console = consoleOf(visit)
    if (console) return effect(console, command, context)
    await stream.complain(noConsoleText(visit))
    return noConsoleExit(visit)
  }
}

export function noConsoleExit({ allowed }: Visit): SessionExit {
  return allowed.length === 0 ? SESSION_EXIT.unavailable : SESSION_EXIT.usage
}

/** Answers what a console did not do. */
export async function refused(
  { refused, cause }: { refused: boolean; cause: string },
  stream: CommandStream,
): Promise<SessionExit> {
  await stream.complain(cause)
  return refused ? SESSION_EXIT.observer : SESSION_EXIT.unavailable
}
