/** The desk's page: enters, follows the fleet, and shows what the address names. */
import { LANGUAGES, type Language } from '../../../../formats/languages.ts'
import type { FleetNews } from '../rows.ts'
import { keepAges } from './ages.ts'
import type { App, Page } from './app.ts'
import { consolePage, createTerminals, shownKeys } from './console-page.ts'
import { devicePage } from './device-page.ts'
import { h } from './dom.ts'
import { fleetPage } from './fleet-page.ts'
import { createStore } from './fleet-store.ts'
import { replayPage, replayPlace } from './replay-page.ts'
import { giveStylesTheNonce } from './style-nonce.ts'
import { enter, follow } from './talk.ts'
import { WORDS } from './words.ts'

type Theme = 'light' | 'dark'

void start()

async function start(): Promise<void> {
  const language = chosen('language', LANGUAGES) ?? (navigator.language.startsWith('ja') ? 'ja' : 'en')
  const app: App = { store: createStore(), language, words: WORDS[language], isUp: true }
  setTheme(chosen('theme', ['light', 'dark'] as const))
  giveStylesTheNonce()
  const isIn = await enter()
  const link = h('p', { class: 'problem', role: 'alert', hidden: true })
  const header = h('header', {})
  document.body.append(header, link)
  if (!isIn) {
    document.body.append(h('main', {}, h('h1', {}, app.words.title), h('p', { class: 'problem' }, app.words.noWayIn)))
    return
  }
  const terminals = createTerminals()
  let page: Page | undefined
  const show = () => {
    document.documentElement.lang = app.language
    page?.leave()
    page?.root.remove()
    page = pageOf(app, terminals)
    document.title = `${page.title} · ${app.words.title}`
    header.replaceChildren(...headerOf(app, show))
    link.textContent = app.words.linkLost
    document.body.append(page.root)
  }
  const take = (news: FleetNews) => {
    app.store.take(news)
    // Who the person is comes with the first of them.
    if (news.means !== undefined) header.replaceChildren(...headerOf(app, show))
  }
  follow<FleetNews>('/live', take, isUp => {
    link.hidden = isUp
  })
  keepAges(app.store.now, () => app.words)
  window.addEventListener('hashchange', show)
  show()
}

function pageOf(app: App, terminals: ReturnType<typeof createTerminals>): Page {
  const keys = shownKeys()
  if (keys.length > 0) return consolePage(app, keys, terminals)
  const replay = replayPlace(location.hash)
  if (replay !== undefined) return replayPage(app, replay)
  const [, device] = /^#\/device\/(.+)$/.exec(location.hash) ?? []
  return device === undefined ? fleetPage(app) : devicePage(app, decodeURIComponent(device))
}

function headerOf(app: App, show: () => void): HTMLElement[] {
  const other: Language = app.language === 'en' ? 'ja' : 'en'
  const turn = () => {
    app.language = other
    app.words = WORDS[other]
    localStorage.setItem('language', other)
    show()
  }
  const theme = () => setTheme(currentTheme() === 'dark' ? 'light' : 'dark', true)
  return [
    h('a', { href: '#/', class: 'home' }, app.words.title),
    h('span', { class: 'person' }, app.store.means.person ?? ''),
    h('button', { onclick: turn, lang: other }, app.words.otherLanguage),
    h('button', { onclick: theme, 'aria-label': app.words.theme, title: app.words.theme }, '◐'),
  ]
}

function currentTheme(): Theme {
  const set = document.documentElement.dataset.theme
  if (set === 'light' || set === 'dark') return set
  return matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light'
}

function setTheme(theme: Theme | undefined, isKept = false): void {
  if (theme !== undefined) document.documentElement.dataset.theme = theme
  if (theme !== undefined && isKept) localStorage.setItem('theme', theme)
}

/** What this browser was told before, if it is one of these. */
function chosen<T extends string>(key: string, values: readonly T[]): T | undefined {
  return values.find(value => value === localStorage.getItem(key))
}
