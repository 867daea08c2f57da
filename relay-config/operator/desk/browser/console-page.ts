/** Consoles: one terminal, or several beside each other. They go on while another page is shown. */
import { type App, consoleLink, type Page } from './app.ts'
import { askForLink, breakMenu, showLog, showWho } from './dialogs.ts'
import { h } from './dom.ts'
import { type DeskTerminal, openTerminal, type TerminalKind, type TerminalState } from './open-terminal.ts'
import { showPaste } from './paste.ts'

export interface Terminals {
  /** As the address has them: `sw1`, `watch:sw1`, `shell:tokyo`, `relay:lon`. */
  open: ReadonlyMap<string, Pane>
  paneOf(key: string, app: App): Pane
  close(key: string): void
}

interface Pane {
  terminal: DeskTerminal
  root: HTMLElement
  /** Puts what is around the terminal into the language of now. */
  dress(): void
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

export function createTerminals(): Terminals {
  const open = new Map<string, Pane>()
  return {
    open,
    paneOf: (key, app) => {
      const old = open.get(key)
      if (old) {
        old.dress()
        return old
      }
      const pane = makePane(key, app, () => {
        close(key)
        const rest = shownKeys().filter(other => other !== key)
        location.hash = rest.length === 0 ? '#/' : consoleLink(rest)
      })
      open.set(key, pane)
      return pane
    },
    close: key => close(key),
  }
  function close(key: string): void {
    open.get(key)?.terminal.dispose()
    open.delete(key)
  }
}

/** Those that the address names. */
export function shownKeys(): string[] {
  const [, names] = /^#\/console\/(.+)$/.exec(location.hash) ?? []
  return names === undefined ? [] : [...new Set(names.split(',').map(decodeURIComponent))]
}

export function consolePage(app: App, keys: readonly string[], terminals: Terminals): Page {
  const panes = keys.map(key => terminals.paneOf(key, app))
  const grid = h(
    'div',
    { class: 'panes', style: undefined, 'data-count': panes.length },
    panes.map(({ root }) => root),
  )
  const root = h(
    'main',
    { class: 'console-page' },
    h('h1', { class: 'unseen' }, keys.join(', ')),
    tabs(app, keys, terminals),
    grid,
  )
  const fit = () => {
    for (const { terminal } of panes) terminal.fit()
  }
  const watcher = new ResizeObserver(fit)
  watcher.observe(grid)
  requestAnimationFrame(() => {
    fit()
    panes[0]?.terminal.focus()
  })
  return { title: keys.join(', '), root, leave: () => watcher.disconnect() }
}

/** What is open; `+` puts one beside those that are shown. */
function tabs({ words }: App, keys: readonly string[], terminals: Terminals): HTMLElement | undefined {
  const others = [...terminals.open.keys()].filter(key => !keys.includes(key))
  if (others.length === 0) return undefined
  return h(
    'nav',
    { class: 'tabs', 'aria-label': words.terminal },
    others.map(key =>
      h(
        'span',
        {},
        h('a', { href: consoleLink([key]) }, key),
        h(
          'a',
          { href: consoleLink([...keys, key]), 'aria-label': `${words.sideBySide}: ${key}`, title: words.sideBySide },
          '+',
        ),
      ),
    ),
  )
}

function makePane(key: string, app: App, onClose: () => void): Pane {
  const [, kind = 'console', name = key] = /^(watch|shell|relay):(.+)$/.exec(key) ?? []
  let isCtrl = false
  let setCtrl = (on: boolean) => {
    isCtrl = on
  }
  const terminal = openTerminal({
    ...{ kind: kind as TerminalKind, name, label: `${app.words.terminal} ${name}` },
    onPaste: text => showPaste(text, terminal, app),
    onLink: address => askForLink(address, app, terminal.focus),
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
    const bar = barOf(kind, name, app, terminal, onClose)
    // The terminal stays where it is: moved, it would lose the focus.
    if (terminal.root.parentElement !== root) root.append(terminal.root)
    for (const old of [...root.children]) if (old !== terminal.root) old.remove()
    root.prepend(bar)
    if (kind !== 'watch') root.append(keysOf(app, terminal, ctrl))
  }
  dress()
  return { terminal, root, dress }
}

function barOf(kind: string, name: string, app: App, terminal: DeskTerminal, onClose: () => void): HTMLElement {
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
  return h(
    'div',
    { class: 'bar' },
    h('strong', {}, name),
    status,
    again,
    kind === 'console' && breakMenu(name, app, told),
    isConsole && h('button', { onclick: () => showLog(name, app, terminal.focus) }, words.log),
    isConsole && h('button', { onclick: () => void showWho(name, app, terminal.focus) }, words.who),
    kind !== 'watch' && h('button', { onclick: () => void paste() }, words.paste),
    find,
    h('button', { onclick: onClose, 'aria-label': `${words.close} ${name}` }, '✕'),
  )
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
