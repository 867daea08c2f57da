/** The transcript of a console as far as the person who asks may read it. */
import type { Console } from '../console/console.ts'
import { SESSION_EXIT, type SessionExit } from '../session/exit-codes.ts'
import type { Transcript } from '../transcript/transcript.ts'
import type { CommandContext } from './command.ts'
import { readableFrom } from './reads-log.ts'

export interface ReadableTranscript {
  transcript: Transcript
  /** The position from which on they may read it. */
  from: number
}

/** @returns why not, where they may not */
export function readableTranscript(
  console: Console,
  context: CommandContext,
): ReadableTranscript | { problem: string; exitCode: SessionExit } {
  const transcript = context.transcripts.of(console.name)
  if (!transcript) {
    const problem = `${console.name} records nothing: transcript = false in its settings`
    return { problem, exitCode: SESSION_EXIT.unavailable }
  }
  const from = readableFrom(context.visit, console, context)
  return typeof from === 'string' ? { problem: from, exitCode: SESSION_EXIT.observer } : { transcript, from }
}
