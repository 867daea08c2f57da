/** Asks whoever executes a command for one line, on their terminal or from standard input. */
import type { Clock } from '../../runtime/clock.ts'
import { within } from '../../runtime/waiting.ts'
import { LinePrompt } from '../session/line-prompt.ts'
import type { CommandStream } from './command.ts'

/** Milliseconds for an answer. */
const ANSWER_MS = 60_000

/** @param input of the command, which goes on after the line @returns undefined when it was cancelled, when there is nobody to answer, and after a minute */
export async function askLine(
  question: string,
  input: AsyncIterator<Buffer>,
  stream: CommandStream,
  clock: Clock,
): Promise<string | undefined> {
  const { interactive } = stream
  const outcome = await within(ANSWER_MS, [stream.gone], read, { clock })
  if (interactive) await stream.complain('')
  return outcome.kind === 'done' ? outcome.value : undefined

  async function read(): Promise<string | undefined> {
    await (interactive ? stream.write(Buffer.from(question)) : stream.complain(question))
    const prompt = new LinePrompt()
    for (;;) {
      const next = await input.next()
      if (next.done) return undefined
      const result = prompt.feed(next.value)
      if (interactive && result.echo !== '') await stream.write(Buffer.from(result.echo))
      if (result.kind === 'done') return result.line
      if (result.kind === 'cancelled') return undefined
    }
  }
}
