/** A terminal of the page: xterm.js at one end of a WebSocket, ssh at the other; it connects again by itself. */
import { FitAddon } from '@xterm/addon-fit'
import { SearchAddon } from '@xterm/addon-search'
import { createNoticeReader } from '../commands/notices.ts'
import { type TerminalAsk, type TerminalTell, WINDOW_BYTES } from '../terminal/terminal-messages.ts'
import { createFeed } from './feed-terminal.ts'
import { createGuardedTerminal } from './guarded-terminal.ts'
import { openSocket } from './talk.ts'

export type TerminalKind = Extract<TerminalAsk, { type: 'open' }>['kind']

export type TerminalState =
  /** Connecting lasts until the far side has said something: until then ssh may ask for a passphrase, or fail. */
  | { is: 'connecting' | 'connected' }
  | { is: 'lost'; againS: number }
  /** By itself, or because it could not be opened. */
  | { is: 'ended'; code: number | null; problem: string }

export interface DeskTerminal {
  kind: TerminalKind
  name: string
  root: HTMLElement
  state: TerminalState
  onState: (state: TerminalState) => void
  /** Sends what a key would. */
  send(text: string): void
  find(text: string): boolean
  fit(): void
  focus(): void
  /** At once, where it has ended or waits. */
  connect(): void
  dispose(): void
}

export interface TerminalOptions {
  kind: TerminalKind
  name: string
  label: string
  /** A pasted text with several lines, which is not sent yet. */
  onPaste(text: string): void
  /** What arrives, before it is on the screen. */
  onOutput(bytes: Uint8Array): void
  /** An address in the output that was clicked. */
  onLink(address: string): void
  /** Stands in the place of output that came faster than it can be drawn. */
  leftOut(kB: number): string
  /** May change what is typed, as a held Ctrl does. */
  translate(typed: string): string
}

const SCROLLBACK_LINES = 10_000
/** Seconds before each further attempt; the last one is repeated. */
const AGAIN_S = [1, 2, 5, 10, 15]
/** ssh's own failure: it could not connect, or the connection was lost (ssh(1), EXIT STATUS). */
const SSH_FAILED = 255
/** Milliseconds after which the next loss begins again with the shortest wait. */
const STABLE_MS = 5_000
/**
 * What the target may have left on: half a sequence, colours, a hidden cursor, another screen, keypad keys, mouse, bracketed
 * paste. Leaving the other screen restores a cursor; where there is none to leave, the one that was saved just before.
 */
const RESET = '\x18\x1b[0m\x1b[?25h\x1b7\x1b[?1049l\x1b[?1l\x1b>\x1b[?1000l\x1b[?2004l\r\n'
/** Bytes on the screen after which the desk is told. */
const SHOWN_BYTES = WINDOW_BYTES / 8

export function openTerminal({
  kind,
  name,
  label,
  onPaste,
  onOutput,
  onLink,
  leftOut,
  translate,
}: TerminalOptions): DeskTerminal {
  const screen = document.createElement('div')
  screen.className = 'screen'
  const term = createGuardedTerminal({ scrollback: SCROLLBACK_LINES, fontSize: 14, allowProposedApi: true }, onLink)
  const fit = new FitAddon()
  const search = new SearchAddon()
  term.loadAddon(fit)
  term.loadAddon(search)
  let socket: WebSocket | undefined
  let timer: number | undefined
  let failures = 0
  let isOpened = false
  const encoder = new TextEncoder()
  const set = (state: TerminalState) => {
    terminal.state = state
    terminal.onState(state)
  }
  const sendText = (text: string) => {
    if (socket?.readyState === WebSocket.OPEN) socket.send(encoder.encode(text))
  }
  const tell = (message: TerminalAsk) => socket?.readyState === WebSocket.OPEN && socket.send(JSON.stringify(message))
  const connect = () => {
    clearTimeout(timer)
    socket?.close()
    const own = openSocket('/terminal')
    const fromMs = performance.now()
    let hasEnded = false
    const arrived = () => terminal.state.is === 'connecting' && set({ is: 'connected' })
    const greeted = kind === 'console' || kind === 'watch' ? createNoticeReader(arrived) : arrived
    let unsaid = 0
    const shown = (bytes: number) => {
      unsaid += bytes
      if (unsaid < SHOWN_BYTES || own.readyState !== WebSocket.OPEN) return
      own.send(JSON.stringify({ type: 'shown', bytes: unsaid } satisfies TerminalAsk))
      unsaid = 0
    }
    const feed = createFeed(term, shown, leftOut)
    socket = own
    set({ is: 'connecting' })
    const over = (code: number | null, problem = '') => {
      if (hasEnded || socket !== own) return
      hasEnded = true
      // Behind what still waits to be drawn.
      feed(encoder.encode(RESET))
      const wasIn = terminal.state.is === 'connected'
      if (wasIn && performance.now() - fromMs > STABLE_MS) failures = 0
      const isLost = code === SSH_FAILED && (wasIn || failures > 0) && kind !== 'relay'
      if (!isLost) return set({ is: 'ended', code, problem })
      const againS = AGAIN_S[Math.min(failures++, AGAIN_S.length - 1)] ?? 1
      set({ is: 'lost', againS })
      timer = setTimeout(connect, againS * 1000)
    }
    own.addEventListener('open', () => {
      tell({ type: 'open', kind, name, cols: term.cols, rows: term.rows })
    })
    own.addEventListener('message', event => {
      if (typeof event.data === 'string') {
        const told = JSON.parse(event.data) as TerminalTell
        if (told.type === 'exit') over(told.code)
        else over(null, told.text)
        return
      }
      const bytes = new Uint8Array(event.data as ArrayBuffer)
      greeted(bytes)
      onOutput(bytes)
      feed(bytes)
    })
    own.addEventListener('close', () => over(null))
  }
  term.onData(data => sendText(translate(data)))
  term.onBinary(
    data => socket?.readyState === WebSocket.OPEN && socket.send(Uint8Array.from(data, char => char.charCodeAt(0))),
  )
  term.onResize(({ cols, rows }) => tell({ type: 'size', cols, rows }))
  // Before xterm.js has it: lines that are sent all at once are lost on a serial line.
  screen.addEventListener(
    'paste',
    event => {
      const text = event.clipboardData?.getData('text/plain') ?? ''
      if (!/[\r\n]/.test(text.replace(/[\r\n]+$/, ''))) return
      event.preventDefault()
      event.stopImmediatePropagation()
      onPaste(text)
    },
    { capture: true },
  )
  term.attachCustomKeyEventHandler(event => {
    const isCopy = event.type === 'keydown' && event.ctrlKey && event.shiftKey && event.code === 'KeyC'
    if (!isCopy) return true
    event.preventDefault()
    void navigator.clipboard.writeText(term.getSelection())
    return false
  })
  const terminal: DeskTerminal = {
    ...{ kind, name, root: screen, state: { is: 'connecting' }, onState: () => {} },
    send: text => sendText(text),
    find: text => search.findNext(text),
    fit: () => {
      if (!isOpened) {
        isOpened = true
        term.open(screen)
        term.textarea?.setAttribute('aria-label', label)
      }
      fit.fit()
      if (socket === undefined) connect()
    },
    focus: () => term.focus(),
    connect,
    dispose: () => {
      clearTimeout(timer)
      const last = socket
      socket = undefined
      last?.close()
      term.dispose()
    },
  }
  return terminal
}
