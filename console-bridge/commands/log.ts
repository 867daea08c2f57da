/** `ssh core-sw1 log`: what the console said, also while nobody was on. */
import type { ExecCommand } from '../../formats/exec-commands.ts'
import type { Clock } from '../../runtime/clock.ts'
import { linearPattern } from '../../runtime/linear-pattern.ts'
import { timeText } from '../../runtime/time-text.ts'
import type { Console } from '../console/console.ts'
import { SESSION_EXIT, type SessionExit } from '../session/exit-codes.ts'
import { type LogLine, LogLines } from '../session/log-lines.ts'
import { logTail, TAIL_LINES_MAX } from '../session/log-tail.ts'
import { bytesOf } from '../transcript/output-text.ts'
import { isOutput } from '../transcript/record.ts'
import type { Transcript } from '../transcript/transcript.ts'
import { type CommandContext, type CommandStream, onConsole } from './command.ts'
import { readableFrom } from './reads-log.ts'
import { sinceMs } from './since.ts'

/** Lines where nothing else bounds them. */
const DEFAULT_LINES = 100
/** Lines that are written at once. */
const BATCH_LINES = 200
/** Milliseconds for which new output is collected, for one who follows. */
const FOLLOW_MS = 200

type LogOptions = ExecCommand<'log'>['options']

export const logCommand = onConsole<'log'>(async (console, { options }, context) => {
  const { stream, visit, transcripts } = context
  const fails = async (text: string, exitCode: SessionExit) => {
    await stream.complain(text)
    return exitCode
  }
  const transcript = transcripts.of(console.name)
  if (!transcript) {
    return fails(`${console.name} has no transcript: transcript = false in its settings`, SESSION_EXIT.unavailable)
  }
  const from = readableFrom(visit, console, context)
  if (typeof from === 'string') return fails(from, SESSION_EXIT.observer)
  const request = requestOf(options, context)
  if ('problem' in request) return fails(`log: ${request.problem}`, SESSION_EXIT.usage)
  await transcript.flush()
  const begin = await beginOf(transcript, from, request)
  const reading = { transcript, stream, request, begin }
  const found = await (request.raw ? printRaw(reading) : printLines(reading))
  if (request.follow) await follow(reading, found, context.clock)
  await explain(console, reading, from, found, context)
  if (context.signal.aborted) return fails('the console bridge is stopping', SESSION_EXIT.unavailable)
  return request.matches && found.count === 0 ? SESSION_EXIT.silent : SESSION_EXIT.ok
})

interface Request {
  sinceMs: number | undefined
  /** The last ones only. */
  lines: number | undefined
  matches: ((text: string) => boolean) | undefined
  raw: boolean
  follow: boolean
}

interface Reading {
  transcript: Transcript
  stream: CommandStream
  request: Request
  /** Where reading begins. */
  begin: number
}

/** How far it was printed. */
interface Printed {
  next: number
  /** Lines, or pieces where they are raw. */
  count: number
  /** The last line, which has no end yet, continues with these. */
  lines?: LogLines
}

function requestOf(options: LogOptions, { clock }: CommandContext): Request | { problem: string } {
  const { since, lines, grep, raw = false, follow = false } = options
  const atMs = since === undefined ? undefined : sinceMs(since, clock.wallMs())
  if (since !== undefined && atMs === undefined) return { problem: `--since: there is no such time: ${since}` }
  if (Number(lines) > TAIL_LINES_MAX) {
    return { problem: `--lines: ${TAIL_LINES_MAX} at most; for more, use --since, such as --since 2d` }
  }
  if (raw && grep !== undefined) return { problem: '--raw and --grep exclude each other: raw output has no lines' }
  const pattern = grep === undefined ? undefined : linearPattern(grep)
  if (pattern && 'problem' in pattern) return { problem: `--grep: ${pattern.problem} (syntax: RE2)` }
  const isBounded = lines !== undefined || since !== undefined || grep !== undefined
  const count = isBounded ? lines : DEFAULT_LINES
  return {
    sinceMs: atMs,
    lines: count === undefined ? undefined : Number(count),
    matches: pattern?.matches,
    raw,
    follow,
  }
}

async function beginOf(transcript: Transcript, from: number, { sinceMs, lines, matches }: Request): Promise<number> {
  const since = sinceMs === undefined ? from : Math.max(from, await transcript.positionAt(sinceMs))
  if (lines === undefined || matches) return since
  if (lines === 0) return transcript.end
  const [first] = await logTail(transcript, since, lines)
  return first?.position ?? since
}

async function printLines({ transcript, stream, request, begin }: Reading): Promise<Printed> {
  const { lines: last, sinceMs = Number.NEGATIVE_INFINITY } = request
  const printer = new LinePrinter(stream, request, last)
  const lines = new LogLines()
  let next = begin
  for await (const record of transcript.records(begin)) {
    if (stream.gone.aborted) break
    next = record.next
    if (record.atMs >= sinceMs) await printer.take(lines.feed(record))
  }
  if (!request.follow) await printer.take(lines.end())
  await printer.finish()
  return { next, count: printer.count, lines }
}

async function printRaw({ transcript, stream, request, begin }: Reading): Promise<Printed> {
  const { sinceMs = Number.NEGATIVE_INFINITY } = request
  let next = begin
  let count = 0
  for await (const record of transcript.records(begin)) {
    if (stream.gone.aborted) break
    next = record.next
    if (record.atMs < sinceMs) continue
    if (isOutput(record)) {
      await stream.write(bytesOf(record.text))
      count++
    } else if (record.kind === 'gap' && !stream.interactive) {
      await stream.complain(...new LogLines().feed(record).map(({ time, text }) => `${time} ${text}`))
    }
  }
  return { next, count }
}

/** Prints what comes, until the client goes or the bridge stops. */
async function follow(reading: Reading, printed: Printed, clock: Clock): Promise<void> {
  const { transcript, stream, request } = reading
  const printer = new LinePrinter(stream, request, undefined)
  const { lines = new LogLines() } = printed
  let { next } = printed
  while (!stream.gone.aborted) {
    await transcript.more(next, stream.gone)
    await clock.sleep(FOLLOW_MS, stream.gone)
    await transcript.write()
    for await (const record of transcript.records(next)) {
      if (stream.gone.aborted) break
      if (record.position > next && next > 0) {
        await stream.complain(`[oobm: ${record.position - next} bytes of the transcript are missing here]`)
      }
      next = record.next
      if (!request.raw) await printer.take(lines.feed(record))
      else if (isOutput(record)) await stream.write(bytesOf(record.text))
    }
    await printer.finish()
  }
}

/** What was asked for and cannot be shown goes to standard error. */
async function explain(
  console: Console,
  { transcript, begin, request }: Reading,
  from: number,
  { count }: Printed,
  { stream, clock }: CommandContext,
): Promise<void> {
  if (begin === from && from > transcript.start) {
    const [first] = await firstTimes(transcript, from)
    const since = first === undefined ? 'now' : timeText(first)
    await stream.complain(`[oobm: you have ${console.name} since ${since}; what it said before is not shown]`)
  }
  if (count === 0 && !request.matches && !request.follow)
    await stream.complain(`[oobm: nothing was recorded in this time]`)
  const { trouble } = transcript
  if (!trouble) return
  const since = timeText(clock.wallMs() - (clock.nowMs() - trouble.sinceMs))
  await stream.complain(`[oobm: nothing is recorded since ${since}: ${trouble.cause}]`)
}

async function firstTimes(transcript: Transcript, from: number): Promise<number[]> {
  for await (const { atMs } of transcript.records(from)) return [atMs]
  return []
}

/** Prints the lines that match, many at a time. */
class LinePrinter {
  readonly #stream: CommandStream
  readonly #matches: Request['matches']
  /** Only so many at the end; undefined for all. */
  readonly #last: number | undefined
  #waiting: string[] = []
  count = 0

  constructor(stream: CommandStream, { matches }: Request, last: number | undefined) {
    this.#stream = stream
    this.#matches = matches
    this.#last = last
  }

  async take(lines: LogLine[]): Promise<void> {
    for (const { time, text } of lines) {
      if (this.#matches && !this.#matches(text)) continue
      this.count++
      this.#waiting.push(`${time} ${text}`)
    }
    if (this.#last === undefined) {
      if (this.#waiting.length >= BATCH_LINES) await this.finish()
    } else if (this.#waiting.length > this.#last + BATCH_LINES) {
      this.#waiting.splice(0, this.#waiting.length - this.#last)
    }
  }

  async finish(): Promise<void> {
    const lines = this.#last === undefined ? this.#waiting : this.#waiting.slice(-this.#last || this.#waiting.length)
    this.#waiting = []
    await this.#stream.print(...lines)
  }
}
