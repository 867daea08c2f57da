/** Sends one line and follows the answer of the target to its end. */
import type { ExecOutputs } from '../../formats/exec-outputs.ts'
import type { Clock } from '../../runtime/clock.ts'
import type { Scrollback } from '../console/scrollback.ts'
import { SESSION_EXIT, type SessionExit } from '../session/exit-codes.ts'
import { PlainText } from '../session/plain-text.ts'
import { AnswerText } from './answer-text.ts'
import { Echo } from './echo.ts'
import type { Keyboard } from './keyboard.ts'
import { chatterIn, OVERRUN_MS, OverrunPrompt } from './overrun-prompt.ts'
import { DEFAULT_PROMPT, type Matches, pagerKey, SILENCE_MS, silenceFor } from './prompt.ts'

export interface RunSettings {
  /** Undefined: the prompts that are known. */
  until: Matches | undefined
  pager: Matches | undefined
  /** Milliseconds of silence without a prompt after which the answer counts as ended. */
  idleMs: number
  /** Milliseconds that an answer may take. */
  timeoutMs: number
}

export interface LineContext extends RunSettings {
  keyboard: Keyboard
  scrollback: Scrollback
  clock: Clock
  /** Gets the answer as it comes: whole lines, and at the end what is left; one byte a character. */
  onText(text: string): Promise<void>
}

/** How the answer ended. */
export interface LineEnd {
  reason: ExecOutputs['run']['reason']
  exitCode: SessionExit
  /** The last line, where it is a prompt. */
  prompt: string
  /** What whoever runs it is told; empty for a prompt. */
  text: string
  ms: number
}

const CHUNK_BYTES = 16_384
/** Bytes of a prompt. */
const PROMPT_BYTES = 256
/** Bytes before the command that show what the target says by itself. */
const CHATTER_BYTES = 8_192

/** @param before the prompt on which it is typed; empty if not known */
export async function runLine(command: string, before: string, context: LineContext): Promise<LineEnd> {
  const { keyboard, scrollback, clock, onText, idleMs, timeoutMs } = context
  const until = context.until ?? DEFAULT_PROMPT
  const typed = Buffer.from(command)
  const echo = new Echo(typed.toString('latin1'), before)
  const answer = new AnswerText()
  const overrun = new OverrunPrompt(before, chatterIn(textBefore(scrollback)), until)
  let overrunAtMs = Number.POSITIVE_INFINITY
  const plain = new PlainText()
  let position = scrollback.end
  let pagerAt = -1
  const startMs = clock.nowMs()
  const take = (text: string) => {
    const lines = answer.feed(text)
    overrun.feed(lines)
    return lines
  }
  const end = async (reason: LineEnd['reason'], exitCode: SessionExit, text: string, prompt = ''): Promise<LineEnd> => {
    const rest = take(echo.end())
    if (rest !== '') await onText(rest)
    if (reason !== 'prompt' && answer.last !== '') await onText(`${answer.last}\n`)
    return { reason, exitCode, prompt, text, ms: clock.nowMs() - startMs }
  }

  await keyboard.send(Buffer.concat([typed, Buffer.from('\r')]))
  const sentMs = clock.nowMs()
  for (;;) {
    const { bytes, missedBytes, next } = scrollback.read(position, CHUNK_BYTES)
    position = next
    if (missedBytes > 0) {
      return end('missed', SESSION_EXIT.cut, `${missedBytes} bytes are missing here: the connection is too slow`)
    }
    if (bytes.length > 0) {
      const lines = take(echo.feed(plain.feed(bytes).toString('latin1')))
      if (lines !== '') await keyboard.orStop(onText(lines))
    }
    const { stop } = keyboard
    if (stop) return end('stopped', stop.exitCode, stop.text)
    if (position < scrollback.end) continue

    const nowMs = clock.nowMs()
    const last = textOf(answer.last + echo.pending)
    const quietMs = nowMs - Math.max(sentMs, keyboard.heardAtMs)
    let wantedMs = idleMs
    const key = pagerKey(last, context.pager)
    if (key !== undefined && position !== pagerAt) {
      wantedMs = SILENCE_MS.sure
      if (quietMs >= wantedMs) {
        const lines = take(echo.end())
        if (lines !== '') await onText(lines)
        answer.dropPager()
        pagerAt = position
        await keyboard.send(Buffer.from(key))
        continue
      }
    } else if (last !== '' && !echo.isOpen && until(last)) {
      const isEchoed = echo.isSeen || command === ''
      if (isEchoed || nowMs - sentMs >= SILENCE_MS.unechoed) overrun.looksLike(answer.last + echo.pending)
      wantedMs = silenceFor(last, { before, isEchoed, isDefault: context.until === undefined })
      if (quietMs >= wantedMs) return end('prompt', SESSION_EXIT.ok, '', last)
    }
    // A target that logs all the time is never silent.
    if (overrun.seen === undefined) overrunAtMs = Number.POSITIVE_INFINITY
    else {
      overrunAtMs = Math.min(overrunAtMs, nowMs)
      if (nowMs - overrunAtMs >= OVERRUN_MS) return end('prompt', SESSION_EXIT.ok, '', textOf(overrun.seen))
    }
    if (quietMs >= idleMs) return end('idle', SESSION_EXIT.silent, describeIdle(idleMs, last))
    if (nowMs - startMs >= timeoutMs) {
      const text = `no prompt after ${timeoutMs / 1_000} s: the answer is cut off here; --timeout waits longer`
      return end('timeout', SESSION_EXIT.cut, text)
    }
    const waitMs = Math.min(Math.min(wantedMs, idleMs) - quietMs, overrunAtMs + OVERRUN_MS - nowMs)
    await keyboard.change(Math.max(1, Math.min(waitMs, startMs + timeoutMs - nowMs)))
  }
}

function textBefore(scrollback: Scrollback): string {
  const from = Math.max(scrollback.start, scrollback.end - CHATTER_BYTES)
  const text = new PlainText(from === 0).feed(scrollback.read(from, CHATTER_BYTES).bytes)
  return text.toString('latin1').replaceAll('\r', '')
}

/** @returns the prompt that the target shows; empty where its last line is none */
export function promptNow(scrollback: Scrollback, until: Matches = DEFAULT_PROMPT): string {
  const { bytes } = scrollback.read(scrollback.lastLines(1, PROMPT_BYTES), PROMPT_BYTES)
  const answer = new AnswerText()
  answer.feed(new PlainText().feed(bytes).toString('latin1'))
  return until(textOf(answer.last)) ? textOf(answer.last) : ''
}

/** Bytes that stand for themselves, as text. */
function textOf(bytes: string): string {
  return Buffer.from(bytes, 'latin1').toString()
}

function describeIdle(idleMs: number, last: string): string {
  const shown = last.length > 60 ? `…${last.slice(-60)}` : last
  const where =
    last === '' ? 'there is no unfinished line' : `its last line is "${shown}"; --until names another prompt`
  return `no prompt: the target has been silent for ${idleMs / 1_000} s, and ${where}`
}
