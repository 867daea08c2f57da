/** One terminal of the page with its bar, what it does beside typing, and the keys that a phone has not. */
import type { App } from './app.ts'
import { askForLink, breakMenu, showLog } from './dialogs.ts'
import { h } from './dom.ts'
import { showLineSettings } from './line-settings.ts'
import { type DeskTerminal, openTerminal, type TerminalKind, type TerminalState } from './open-terminal.ts'
import { showPaste } from './paste.ts'
import { followPeople, type People, showPeople, whoText } from './people.ts'
import { showPower } from './power.ts'
import { createFileSender, type FileSender } from './send-file.ts'

export interface Pane {
  terminal: DeskTerminal
  root: HTMLElement
  /** Puts what is around the terminal into the language of now. */
  dress(): void
  /** A file is on its way to the target. */
  isSending(): boolean
}

/** Milliseconds that a notice stands in the place of the state. */
const NOTICE_MS = 8_000
/** Keys that a phone has not, in the order of the bar. */
const KEYS: readonly (readonly [label: string, text: string])[] = [
  ['Esc', '\x1b'],
  ['Tab', '\t'],
  ['↑', '\x1b[A'],
  ['↓', '\x1b[B'],
  ['←', '\x1b[D'],
  ['→', '\x1b[C'],
]

export function makePane(key: string, app: App, onClose: () => void): Pane {
  const [, kind = 'console', name = key] = /^(watch|shell|relay):(.+)$/.exec(key) ?? []
  let isCtrl = false
  let setCtrl = (on: boolean) => {
    isCtrl = on
  }
  const people = followPeople(name)
  const files = createFileSender(name, app, () => terminal.focus())
  const close = () => {
    if (!files.isRunning) onClose()
    else told(app.words.fileRuns)
  }
  let told = (_text: string) => {}
  const terminal: DeskTerminal = openTerminal({
    ...{ kind: kind as TerminalKind, name, label: `${app.words.terminal} ${name}` },
    onPaste: text => showPaste(text, terminal, app),
    onOutput: people.read,
    onLink: address => askForLink(address, app, terminal.focus),
    leftOut: kB => app.words.leftOut(kB, kind === 'console' || kind === 'watch'),
    translate: typed => {
      if (!isCtrl || typed.length !== 1) return typed
      setCtrl(false)
      return String.fromCharCode(typed.toUpperCase().charCodeAt(0) & 0x1f)
    },
  })
  const root = h('section', { class: 'pane', 'aria-label': name })
  const dress = () => {
    const ctrl = h('button', { 'aria-pressed': String(isCtrl) }, 'Ctrl')
    setCtrl = on => {
      isCtrl = on
      ctrl.setAttribute('aria-pressed', String(on))
    }
    ctrl.addEventListener('click', () => {
      setCtrl(!isCtrl)
      terminal.focus()
    })
    const { bar, tell } = barOf({ kind, name, app, terminal, people, files, onClose: close })
    told = tell
    // The terminal stays where it is: moved, it would lose the focus.
    if (terminal.root.parentElement !== root) root.append(terminal.root)
    for (const old of [...root.children]) if (old !== terminal.root) old.remove()
    root.prepend(bar, files.strip)
    if (kind !== 'watch') root.append(keysOf(app, terminal, ctrl))
  }
  if (kind === 'console') takeDrops(root, app, files)
  dress()
  return { terminal, root, dress, isSending: () => files.isRunning }
}

interface BarParts {
  kind: string
  name: string
  app: App
  terminal: DeskTerminal
  people: People
  files: FileSender
  onClose(): void
}

function barOf({ kind, name, app, terminal, people, files, onClose }: BarParts) {
  const { words } = app
  const isConsole = kind === 'console' || kind === 'watch'
  const status = h('span', { class: 'status', role: 'status' })
  const again = h('button', { hidden: true }, words.again)
  const find = h('input', { type: 'search', placeholder: words.find, 'aria-label': words.find, spellcheck: 'false' })
  let notice: number | undefined
  const told = (text: string) => {
    clearTimeout(notice)
    status.textContent = text
    notice = setTimeout(() => terminal.onState(terminal.state), NOTICE_MS)
  }
  terminal.onState = state => {
    status.textContent = stateText(state, kind, app)
    again.hidden = state.is === 'connected' || state.is === 'connecting'
  }
  terminal.onState(terminal.state)
  again.addEventListener('click', () => {
    terminal.connect()
    terminal.focus()
  })
  find.addEventListener('keydown', event => {
    if (event.key === 'Enter') terminal.find(find.value)
    if (event.key === 'Escape') terminal.focus()
  })
  const paste = async () => showPaste(await navigator.clipboard.readText().catch(() => ''), terminal, app)
  const who = h('button', { onclick: () => showPeople(terminal, people, app) }, words.who)
  const power = h('button', { hidden: true, onclick: () => showPower(name, app, terminal.focus) }, words.power)
  const line = h('button', { onclick: () => showLineSettings(name, app, terminal.focus) }, words.line)
  people.onFacts = facts => {
    const here = whoText(facts, app)
    who.replaceChildren(words.who, ': ', h('span', { class: 'here' }, here))
    who.title = here
    power.hidden = !facts.hasOutlets
    line.textContent = facts.changed === undefined ? words.line : `${words.line}: ${facts.changed}`
  }
  if (people.facts !== undefined) people.onFacts(people.facts)
  people.onMessage = told
  const bar = h(
    'div',
    { class: 'bar' },
    h('strong', {}, name),
    status,
    again,
    kind === 'console' && breakMenu(name, app, told),
    isConsole && h('button', { onclick: () => showLog(name, app, terminal.focus) }, words.log),
    isConsole && who,
    kind === 'console' && line,
    kind === 'console' && power,
    kind === 'console' && h('button', { onclick: () => files.ask() }, words.sendFile),
    kind !== 'watch' && h('button', { onclick: () => void paste() }, words.paste),
    find,
    h('button', { onclick: onClose, 'aria-label': `${words.close} ${name}` }, '✕'),
  )
  return { bar, tell: told }
}

function takeDrops(root: HTMLElement, app: App, files: FileSender): void {
  const show = (isOver: boolean) => {
    root.classList.toggle('dropping', isOver)
    root.dataset.drop = app.words.dropHere
  }
  root.addEventListener('dragover', () => show(true))
  root.addEventListener('dragleave', event => {
    if (!root.contains(event.relatedTarget as Node | null)) show(false)
  })
  root.addEventListener('drop', event => {
    show(false)
    const dropped = [...(event.dataTransfer?.files ?? [])]
    if (dropped.length > 0) files.ask(dropped)
  })
}

function keysOf({ words }: App, terminal: DeskTerminal, ctrl: HTMLElement): HTMLElement {
  const press = (text: string) => () => {
    terminal.send(text)
    terminal.focus()
  }
  const keys = KEYS.map(([label, text]) => h('button', { onclick: press(text) }, label))
  return h('div', { class: 'keys', role: 'group', 'aria-label': words.keysBar }, ctrl, keys)
}

function stateText(state: TerminalState, kind: string, { words }: App): string {
  switch (state.is) {
    case 'connecting':
      return words.connecting
    case 'connected':
      return kind === 'watch' ? words.watching : words.connected
    case 'lost':
      return words.lost(state.againS)
    case 'ended':
      return state.problem || `${words.ended}${state.code === null ? '' : ` (${state.code})`}`
    default:
      return state satisfies never
  }
}
