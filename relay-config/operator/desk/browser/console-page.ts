/** Consoles: one terminal, or several beside each other. They go on while another page is shown. */
import { type App, consoleLink, type Page } from './app.ts'
import { h } from './dom.ts'
import { makePane, type Pane } from './pane.ts'

export interface Terminals {
  /** As the address has them: `sw1`, `watch:sw1`, `shell:tokyo`, `relay:lon`. */
  open: ReadonlyMap<string, Pane>
  paneOf(key: string, app: App): Pane
  close(key: string): void
}

export function createTerminals(): Terminals {
  const open = new Map<string, Pane>()
  // A file that misses a terminal would take the place of the page, and end them all.
  for (const event of ['dragover', 'drop']) window.addEventListener(event, each => each.preventDefault())
  window.addEventListener('beforeunload', event => {
    if ([...open.values()].some(({ isSending }) => isSending())) event.preventDefault()
  })
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
