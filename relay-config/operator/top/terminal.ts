/** The whole screen of a terminal, lent and given back: after an end, a crash, a signal, a kill, and while ssh uses it. */
import { spawn } from 'node:child_process'
import { writeSync } from 'node:fs'
import { emitKeypressEvents } from 'node:readline'
import type { Writable } from 'node:stream'
import type { Key } from './top-state.ts'

/** Another screen, no cursor, no wrapping of long lines: what is as wide as the screen may be shown wider than we think. */
const ENTER = '\x1b[?1049h\x1b[?25l\x1b[?7l\x1b[2J'
/** The same back, without colours. */
const LEAVE = '\x1b[0m\x1b[?7h\x1b[?25h\x1b[?1049l'

/**
 * Reads until we end. If we did not say `done` first, we were killed: what we set on the terminal is taken back. A shell that
 * was faster has settings of its own, which it keeps: those of a shell let Ctrl-C be a signal. Its prompt went to the screen
 * that we used, and is gone with it.
 */
const GUARD = `trap '' INT QUIT TSTP TTIN TTOU HUP TERM
before=$1
read -r said || :
[ "$said" != done ] || exit 0
printf '${LEAVE.replaceAll('\x1b', '\\033')}\\roobm-relay top was killed: Enter shows your prompt\\r\\n'
exec 3>&1
case $(stty -a <&3) in *'-isig'*) stty "$before" <&3 ;; esac`

export interface TerminalEvents {
  onKey(key: Key): void
  onResize(): void
}

export class Terminal {
  readonly #events: TerminalEvents
  #shown: string[] = []
  #isEntered = false
  #guard: Writable | undefined

  constructor(events: TerminalEvents) {
    this.#events = events
    emitKeypressEvents(process.stdin)
  }

  get columns(): number {
    return process.stdout.columns || 80
  }

  get lines(): number {
    return process.stdout.rows || 24
  }

  /** @param settings those of the terminal before, as `stty -g` gives them */
  enter(settings: string): void {
    if (this.#isEntered) return
    this.#isEntered = true
    this.#guard = startGuard(settings)
    // Before what is said of a crash, which would be said to a screen that goes away.
    process.prependListener('uncaughtException', this.leave)
    process.prependListener('unhandledRejection', this.leave)
    process.on('exit', this.leave)
    process.stdout.on('resize', this.#resize)
    process.stdin.on('keypress', this.#press)
    process.stdin.setRawMode(true)
    process.stdin.resume()
    process.stdout.write(ENTER)
    this.#shown = []
  }

  /** Does nothing where it was not entered. */
  readonly leave = (): void => {
    if (!this.#isEntered) return
    this.#isEntered = false
    process.removeListener('uncaughtException', this.leave)
    process.removeListener('unhandledRejection', this.leave)
    process.removeListener('exit', this.leave)
    process.stdout.removeListener('resize', this.#resize)
    process.stdin.removeListener('keypress', this.#press)
    process.stdin.pause()
    try {
      process.stdin.setRawMode(false)
      writeSync(1, LEAVE)
    } catch {
      // The terminal itself is gone.
    }
    this.#guard?.end('done\n')
    this.#guard = undefined
  }

  /** Writes what has changed, and nothing else. */
  paint(lines: readonly string[]): void {
    if (!this.#isEntered) return
    const text = changedLines(this.#shown, lines)
    this.#shown = [...lines]
    if (text !== '') process.stdout.write(text)
  }

  /** As after something else has written on it. */
  redraw(lines: readonly string[]): void {
    this.#shown = []
    process.stdout.write('\x1b[2J')
    this.paint(lines)
  }

  readonly #press = (_text: string | undefined, key: Key): void => this.#events.onKey(key)

  readonly #resize = (): void => {
    this.#shown = []
    process.stdout.write('\x1b[2J')
    this.#events.onResize()
  }
}

/** What turns the one screen into the other: each line that differs, at its place. Cleared first: a full line leaves the cursor on its end. */
export function changedLines(before: readonly string[], after: readonly string[]): string {
  let text = ''
  for (let at = 0; at < Math.max(before.length, after.length); at++) {
    const line = after[at] ?? ''
    if (line !== before[at]) text += `\x1b[${at + 1};1H\x1b[K${line}\x1b[0m`
  }
  return text
}

function startGuard(settings: string): Writable | undefined {
  const child = spawn('sh', ['-c', GUARD, 'oobm-top-guard', settings], { stdio: ['pipe', 'inherit', 'ignore'] })
  // Without it, only a kill leaves the terminal as it is.
  child.on('error', () => {})
  child.stdin?.on('error', () => {})
  child.unref()
  return child.stdin ?? undefined
}
