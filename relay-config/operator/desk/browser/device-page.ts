/** One device: what is known of it, what an operator can do to it, what it answers itself, and its history. */
import { fillAges } from './ages.ts'
import type { App, Page } from './app.ts'
import { atDevice } from './device-asks.ts'
import { describeFacts } from './device-facts.ts'
import { settingsSection } from './device-settings.ts'
import { type Entry, timeline } from './device-timeline.ts'
import { trendSection } from './device-trend.ts'
import { h } from './dom.ts'
import { ask, DeskProblem } from './talk.ts'

interface Told {
  relay: string
  said: string
  problem?: string
}

export function devicePage(app: App, name: string): Page {
  const { store, words } = app
  const facts = h('div', {})
  const history = h('div', {}, h('p', {}, words.working))
  const told = h('div', { class: 'told', role: 'status' })
  const settings = settingsSection(app, name)
  const trend = trendSection(app, name)
  const asks = atDevice(app, name)
  const own = () => {
    const consoles = store.devices.get(name)?.consoles ?? []
    return new Set(consoles.filter(({ mayOpen }) => mayOpen).map(console => console.name))
  }
  const showHistory = () =>
    fillWith(history, async () => {
      if (!store.means.isOperator) return [h('p', {}, words.historyOnly)]
      const question = { device: name }
      const { entries, problems } = await ask<{ entries: Entry[]; problems: string[] }>('/ask/history', question)
      return [
        ...problems.map(text => h('p', { class: 'problem' }, text)),
        entries.length === 0 ? h('p', {}, words.noHistory) : timeline(entries, own(), app),
      ]
    })
  const act = async (path: string, question: Record<string, unknown>) => {
    told.textContent = words.working
    await fillWith(told, async () => {
      const all = await ask<Told[]>(path, { device: name, ...question })
      return all.map(({ relay, said, problem }) =>
        h('p', { class: problem ? 'problem' : '' }, all.length > 1 ? `${relay}: ` : '', problem ?? said),
      )
    })
    void showHistory()
  }
  const actions = actionsOf(app, act)
  const renew = () => {
    const device = store.devices.get(name)
    facts.replaceChildren(...(device === undefined ? [h('p', {}, words.waiting)] : describeFacts(device, app)))
    fillAges(facts, store.now(), words)
    actions.hidden = !store.means.isOperator
    for (const section of [trend, asks, settings]) section.renew()
  }
  const root = h(
    'main',
    { class: 'device-page' },
    h('h1', {}, name),
    facts,
    actions,
    told,
    trend.root,
    settings.root,
    asks.root,
    h('h2', {}, words.history),
    history,
  )
  renew()
  void showHistory()
  const stop = store.watch(changed => {
    if (changed.has(name) || store.devices.get(name) === undefined) renew()
  })
  return { title: name, root, leave: stop }
}

/** What an operator can do to a device. */
function actionsOf({ words }: App, act: (path: string, question: Record<string, unknown>) => Promise<void>) {
  const span = h(
    'select',
    {},
    Object.entries(words.offEnds).map(([value, label]) => h('option', { value }, label)),
  )
  const reason = h('input', { type: 'text', maxlength: 200 })
  const off = () =>
    void act('/ask/switch', { on: false, reason: reason.value, ...(span.value !== '' && { for: span.value }) })
  return h(
    'div',
    { class: 'actions' },
    h('label', {}, `${words.offFor} `, span),
    h('label', {}, `${words.reason} `, reason),
    h('button', { onclick: off }, words.switchOff),
    h('button', { onclick: () => void act('/ask/switch', { on: true, reason: reason.value }) }, words.switchOn),
    h('button', { onclick: () => void act('/ask/blink', {}) }, words.blink),
  )
}

/** Puts there what is found, or why there is nothing. */
async function fillWith(place: HTMLElement, find: () => Promise<HTMLElement[]>): Promise<void> {
  try {
    place.replaceChildren(...(await find()))
  } catch (err) {
    if (!(err instanceof DeskProblem)) throw err
    place.replaceChildren(h('p', { class: 'problem' }, err.message))
  }
}
