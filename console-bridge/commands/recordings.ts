/** `ssh core-sw1 recordings list`, `play N` and `export N`: the recorded sessions of one console. */
import type { ExecOutputs } from '../../formats/exec-outputs.ts'
import { timeText } from '../../runtime/time-text.ts'
import type { Console } from '../console/console.ts'
import { parseSize } from '../console/terminal-size.ts'
import { castOf } from '../recordings/asciicast.ts'
import { describeEntries } from '../recordings/describe-entries.ts'
import { type Entry, keptOf } from '../recordings/entry.ts'
import { PAUSE_MAX_MS, play } from '../recordings/play.ts'
import { type Recorded, recordedOf } from '../recordings/recorded.ts'
import { SESSION_EXIT, type SessionExit } from '../session/exit-codes.ts'
import { type CommandContext, onConsole } from './command.ts'
import { type ReadableTranscript, readableTranscript } from './readable-transcript.ts'

/** Characters of a file that are written at once. */
const BATCH_CHARS = 16_384

export const recordingsListCommand = onConsole<'recordings list'>(async (console, { options }, context) => {
  const { stream, recordings } = context
  const readable = readableTranscript(console, context)
  if ('problem' in readable) return fails(readable.problem, readable.exitCode, context)
  const start = startOf(readable)
  const entries = recordings.of(console.name).filter(entry => mayList(entry, readable.from))
  if (options.json) {
    await stream.print(
      JSON.stringify(
        entries.map(entry => shown(entry, start)),
        null,
        2,
      ),
    )
  } else {
    await stream.print(...describeEntries(entries, start))
  }
  return SESSION_EXIT.ok
})

export const recordingsPlayCommand = onConsole<'recordings play'>(async (console, { args, options }, context) => {
  const { stream, clock } = context
  const found = await findRecording(console, args.N, context)
  if ('problem' in found) return fails(found.problem, found.exitCode, context)
  const speed = Number(options.speed ?? 1)
  if (speed < 0.1) return fails('recordings play: --speed takes a number from 0.1 to 100', SESSION_EXIT.usage, context)
  await stream.complain(
    ...[titleOf(found.entry), ...found.notes, `pauses are at most ${PAUSE_MAX_MS / 1000} s; q ends`].map(ours),
  )
  const ended = new AbortController()
  void untilKey(stream.input, ended)
  const over = AbortSignal.any([stream.gone, ended.signal])
  const events = await play(found.recorded, { speed, clock, over, write: bytes => stream.write(bytes) })
  if (context.signal.aborted) return fails('the console bridge is stopping', SESSION_EXIT.unavailable, context)
  return events > 0 || over.aborted ? SESSION_EXIT.ok : nothingLeft(found.entry, context)
})

export const recordingsExportCommand = onConsole<'recordings export'>(async (console, { args }, context) => {
  const { stream } = context
  if (stream.interactive) {
    await stream.complain(
      'recordings export prints a file: send it to one, without -t:',
      `  ssh ${console.name} recordings export ${args.N} > ${console.name}-${args.N}.cast`,
    )
    return SESSION_EXIT.usage
  }
  const found = await findRecording(console, args.N, context)
  if ('problem' in found) return fails(found.problem, found.exitCode, context)
  const { entry, notes } = found
  const [note] = notes
  const cast = castOf(found.recorded, {
    ...{ title: titleOf(entry), size: parseSize(entry.size) },
    ...(note !== undefined && { note }),
  })
  let batch = ''
  let characters = 0
  for await (const line of cast) {
    batch += line
    characters += line.length
    if (stream.gone.aborted) break
    if (batch.length < BATCH_CHARS) continue
    await stream.write(Buffer.from(batch))
    batch = ''
  }
  await stream.write(Buffer.from(batch))
  if (context.signal.aborted) {
    return fails('the console bridge is stopping: the file is not complete', SESSION_EXIT.unavailable, context)
  }
  if (characters === 0) return nothingLeft(entry, context)
  if (notes.length > 0) await stream.complain(...notes.map(ours))
  return SESSION_EXIT.ok
})

type Found = { entry: Entry; recorded: AsyncIterable<Recorded>; notes: string[] }

async function findRecording(
  console: Console,
  number: string | undefined,
  context: CommandContext,
): Promise<Found | { problem: string; exitCode: SessionExit }> {
  const readable = readableTranscript(console, context)
  if ('problem' in readable) return readable
  const { transcript, from } = readable
  const entry = context.recordings.find(console.name, Number(number))
  if (!entry || !mayList(entry, from)) {
    const how = `ssh ${console.name} recordings`
    return { problem: `${console.name} has no recording ${number}; the list: ${how}`, exitCode: SESSION_EXIT.usage }
  }
  await transcript.flush()
  const start = startOf(readable)
  const kept = keptOf(entry, start)
  if (kept === 'none') return { problem: missingText(entry), exitCode: SESSION_EXIT.unavailable }
  const begin = Math.max(start, entry.position ?? 0)
  const records = transcript.records(begin, Math.min(entry.end?.position ?? transcript.end, transcript.end))
  const recorded = recordedOf(records, { id: entry.id, isBegun: kept === 'part' })
  return { entry, recorded, notes: kept === 'part' ? [partText(entry, readable)] : [] }
}

/** Where this person can begin to read. */
function startOf({ transcript, from }: ReadableTranscript): number {
  return Math.max(transcript.start, from)
}

/** What ended before they had the console is none of theirs. */
function mayList({ end, position = 0 }: Entry, from: number): boolean {
  return (end === undefined ? Number.POSITIVE_INFINITY : (end.position ?? position + 1)) > from || from === 0
}

function partText({ number }: Entry, { transcript, from }: ReadableTranscript): string {
  const why = from > transcript.start ? 'you did not have this console then' : 'the transcript does not go back so far'
  return `the beginning of recording ${number} is missing: ${why}`
}

function missingText({ number, position }: Entry): string {
  const why = position === undefined ? 'the disk took no transcript then' : 'its part of the transcript is gone'
  return `nothing is left of recording ${number}: ${why}`
}

function nothingLeft(entry: Entry, context: CommandContext): Promise<SessionExit> {
  return fails(missingText(entry), SESSION_EXIT.unavailable, context)
}

function titleOf({ console, number, who, beganAt }: Entry): string {
  return `${console}, recording ${number}: ${who}, ${timeText(beganAt)}`
}

function shown(entry: Entry, start: number): ExecOutputs['recordings list'][number] {
  const { position: _, end, ...rest } = entry
  const ended = end === undefined ? null : { at: end.at, how: end.how, typedBytes: end.typedBytes }
  return { ...rest, end: ended, kept: keptOf(entry, start) }
}

function ours(text: string): string {
  return `[oobm: ${text}]`
}

/** Ends it at a `q`; other keys, and the end of the input, do nothing. */
async function untilKey(input: AsyncIterable<Buffer>, ended: AbortController): Promise<void> {
  for await (const bytes of input) {
    if (/q/i.test(bytes.toString('latin1'))) return ended.abort()
  }
}

async function fails(text: string, exitCode: SessionExit, { stream }: CommandContext): Promise<SessionExit> {
  await stream.complain(text)
  return exitCode
}
