/** The fleet: a row for each device and for each of its consoles, worst first. */
import type { DeskConsole, DeskDevice } from '../rows.ts'
import { ageElement, fillAges, timeText } from './ages.ts'
import { type App, consoleLink, deviceLink, type Page } from './app.ts'
import { h } from './dom.ts'
import { isBad, meaningText, stateElement } from './state.ts'

type Filter = keyof App['words']['filters']
const FILTERS: readonly Filter[] = ['all', 'bad', 'used', 'mine']

export function fleetPage(app: App): Page {
  const { store, words } = app
  const rows = new Map<string, HTMLElement>()
  const search = h('input', {
    type: 'search',
    id: 'search',
    placeholder: words.search,
    'aria-label': words.search,
    autocomplete: 'off',
    spellcheck: 'false',
  })
  const filter = h(
    'select',
    { id: 'filter' },
    FILTERS.map(name => h('option', { value: name }, words.filters[name])),
  )
  const counts = h('p', { class: 'counts', role: 'status' })
  const relays = h('div', { class: 'relays' })
  const list = h('ul', { class: 'fleet', 'aria-label': words.fleet })
  const empty = h('p', { class: 'empty' })
  const root = h(
    'main',
    {},
    h('h1', { class: 'unseen' }, words.fleet),
    h('div', { class: 'tools' }, search, h('label', {}, `${words.filter}: `, filter), counts),
    relays,
    list,
    empty,
    h('p', { class: 'hint' }, words.keys),
  )

  const isShown = (device: DeskDevice) => matches(device, search.value) && passes(device, filter.value as Filter)
  /** Rows that are there keep their order: only new ones find their place. */
  const arrange = () => {
    const sorted = store.sorted()
    let shown = 0
    let at: Element | null = list.firstElementChild
    for (const device of sorted) {
      const row = rows.get(device.name)
      if (row === undefined) continue
      const isVisible = isShown(device)
      if (row.hidden === isVisible) row.hidden = !isVisible
      if (isVisible) shown++
      if (row === at) at = at.nextElementSibling
      else list.insertBefore(row, at)
    }
    counts.textContent = words.counts(shown, sorted.length, sorted.filter(isBad).length)
    const isAsked = store.relays.some(({ askedAtMs }) => askedAtMs !== undefined)
    empty.textContent = shown > 0 ? '' : isAsked || sorted.length > 0 ? words.nothing : words.waiting
  }
  const update = (changed: ReadonlySet<string>) => {
    const focused = list.contains(document.activeElement) ? document.activeElement : null
    const link = focused?.getAttribute('href')
    for (const name of changed) {
      const device = store.devices.get(name)
      const old = rows.get(name)
      const row = device && deviceRow(device, app)
      for (const one of [old, row]) if (one) fillAges(one, store.now(), words)
      // What looks the same stays: a click that has begun, a selected text and the beat of its LED.
      if (row && old?.isEqualNode(row)) continue
      old?.remove()
      rows.delete(name)
      if (row) rows.set(name, row)
    }
    relays.replaceChildren(...relayProblems(app))
    fillAges(relays, store.now(), words)
    arrange()
    // Its row is a new one.
    if (link && !focused?.isConnected) list.querySelector<HTMLElement>(`a[href="${CSS.escape(link)}"]`)?.focus()
  }
  search.addEventListener('input', arrange)
  filter.addEventListener('change', arrange)
  const onKey = (event: KeyboardEvent) => moveByKey(event, list, search, arrange)
  document.addEventListener('keydown', onKey)
  update(new Set(store.devices.keys()))
  const stop = store.watch(update)
  return {
    title: words.fleet,
    root,
    leave: () => {
      stop()
      document.removeEventListener('keydown', onKey)
    },
  }
}

function deviceRow(device: DeskDevice, app: App): HTMLElement {
  const { words } = app
  const {
    name,
    relay,
    state,
    off,
    provedAtMs,
    provedBy,
    sinceMs,
    uplinks,
    signalDbm,
    probeMs,
    consoles,
    mayOpenShell,
  } = device
  const carrying = uplinks.find(({ carries }) => carries) ?? uplinks[0]
  const by = provedBy === undefined ? undefined : provedBy === 'login' ? words.byLogin : words.bySelfTest
  return h(
    'li',
    { class: `device ${isBad(device) ? 'bad' : ''}` },
    h(
      'div',
      { class: 'line' },
      h('a', { href: deviceLink(name), class: 'name' }, name),
      stateElement(device, app),
      h(
        'span',
        { class: 'fact', title: by },
        provedAtMs === undefined
          ? words.notProved
          : [`${words.proved} `, ageElement(provedAtMs, words), h('small', {}, by ?? '')],
      ),
      h('span', { class: 'fact' }, sinceMs !== undefined && [`${words.since} `, ageElement(sinceMs, words)]),
      h(
        'span',
        { class: 'fact' },
        carrying !== undefined && `${words.uplink} ${carrying.name}`,
        signalDbm !== undefined && ` ${signalDbm} dBm`,
        probeMs !== undefined && ` · ${Math.round(probeMs)} ms`,
        relay !== undefined && ` · ${relay}`,
      ),
      mayOpenShell ? h('a', { href: consoleLink([`shell:${name}`]), class: 'open' }, words.shell) : h('span', {}),
    ),
    h(
      'div',
      { class: 'why' },
      off === undefined ? (isBad(device) ? meaningText(state, app) : undefined) : `${words.accessOff}: ${off}`,
    ),
    consoles.length > 0 &&
      h(
        'ul',
        { class: 'consoles' },
        consoles.map(console => consoleRow(console, app)),
      ),
  )
}

function consoleRow(console: DeskConsole, app: App): HTMLElement {
  const { words } = app
  const { name, open, cause, who, outputAtMs, mayOpen } = console
  const mark = open === undefined ? '?' : open ? '●' : '✗'
  const state = open === undefined ? words.unknown : open ? words.open : words.closed
  return h(
    'li',
    { class: `line ${open === false ? 'bad' : ''}` },
    mayOpen ? h('a', { href: consoleLink([name]), class: 'name' }, name) : h('span', { class: 'name' }, name),
    h(
      'span',
      { class: `state ${open === false ? 'none' : open ? 'proved' : ''}` },
      h('span', { class: 'mark', 'aria-hidden': 'true' }, mark),
      ` ${state}`,
    ),
    h('span', { class: 'fact' }, cause),
    h(
      'span',
      { class: 'fact' },
      outputAtMs === undefined
        ? ''
        : outputAtMs === null
          ? words.noOutput
          : [`${words.output} `, ageElement(outputAtMs, words)],
    ),
    h(
      'span',
      { class: 'fact who' },
      who.map(({ name, types, sinceMs }) =>
        h(
          'span',
          { class: types ? 'types' : '', title: timeText(sinceMs) },
          `${name} (${types ? words.types : words.watches}) `,
        ),
      ),
    ),
    mayOpen
      ? h(
          'a',
          { href: consoleLink([`watch:${name}`]), class: 'open', 'aria-label': `${words.watch} ${name}` },
          words.watch,
        )
      : h('span', {}),
  )
}

function relayProblems(app: App): HTMLElement[] {
  const { store, words } = app
  const { means } = store
  const none =
    means.noConsoles === undefined ? [] : [h('p', { class: 'problem' }, `${words.noConsoles}: ${means.noConsoles}`)]
  const failed = store.relays.flatMap(({ name, problem, askedAtMs, maySignIn }) =>
    problem === undefined
      ? []
      : h(
          'p',
          { class: 'problem', role: 'alert' },
          problem,
          askedAtMs !== undefined && [` (${words.asOf} `, ageElement(askedAtMs, words), ')'],
          ' ',
          maySignIn && h('a', { href: consoleLink([`relay:${name}`]), class: 'open' }, words.signIn),
        ),
  )
  return [...none, ...failed]
}

/** All words that are searched for must be somewhere in it. */
function matches(device: DeskDevice, text: string): boolean {
  const wanted = text.toLowerCase().split(/\s+/).filter(Boolean)
  if (wanted.length === 0) return true
  const { name, state, relay, uplinks, consoles } = device
  const people = consoles.flatMap(({ who }) => who.map(person => person.name))
  const all = [
    name,
    state,
    relay ?? '',
    ...uplinks.map(uplink => uplink.name),
    ...consoles.map(console => console.name),
    ...people,
  ]
  const haystack = all.join('\n').toLowerCase()
  return wanted.every(word => haystack.includes(word))
}

function passes(device: DeskDevice, filter: Filter): boolean {
  switch (filter) {
    case 'all':
      return true
    case 'bad':
      return isBad(device)
    case 'used':
      return device.consoles.some(({ who }) => who.length > 0) || device.state === 'in-use'
    case 'mine':
      return device.mayOpenShell || device.consoles.some(({ mayOpen }) => mayOpen)
    default:
      return filter satisfies never
  }
}

function moveByKey(event: KeyboardEvent, list: HTMLElement, search: HTMLInputElement, arrange: () => void): void {
  if (event.ctrlKey || event.altKey || event.metaKey) return
  const isTyping = event.target === search
  const isElsewhere =
    !isTyping && (event.target instanceof HTMLSelectElement || event.target instanceof HTMLInputElement)
  if (isElsewhere) return
  const key = event.key
  if (key === 'Escape') {
    search.value = ''
    arrange()
    search.blur()
  } else if (key === '/' && !isTyping) search.focus()
  else if (key === 'ArrowDown' || (key === 'j' && !isTyping)) step(list, 1)
  else if (key === 'ArrowUp' || (key === 'k' && !isTyping)) step(list, -1)
  else if (key === 'Enter' && isTyping) linksOf(list)[0]?.click()
  else return
  event.preventDefault()
}

/** Of what is shown; from nowhere to the first. */
function step(list: HTMLElement, by: number): void {
  const links = linksOf(list)
  const at = links.indexOf(document.activeElement as HTMLElement)
  const next = links[at < 0 ? 0 : Math.min(links.length - 1, Math.max(0, at + by))]
  next?.focus()
}

function linksOf(list: HTMLElement): HTMLElement[] {
  return [...list.querySelectorAll<HTMLElement>('li.device:not([hidden]) a.name')]
}
