/** One device: its state and what to do, its ways out, its history, and what an operator can do to it. */
import { fieldSentences } from '../../../../formats/field-sentences.ts'
import { STATE_NAMES } from '../../../../formats/states.ts'
import type { DeskDevice } from '../rows.ts'
import { ageElement, fillAges, timeText } from './ages.ts'
import { type App, consoleLink, type Page } from './app.ts'
import { h } from './dom.ts'
import { meaningText, stateElement } from './state.ts'
import { ask, DeskProblem } from './talk.ts'

interface Entry {
  at: string
  by: string
  event: string
  console?: string
  technician?: string
  from?: string
  to?: string
  reason?: string
  rule?: string
  text?: string
  source?: string
}

interface Told {
  relay: string
  said: string
  problem?: string
}

export function devicePage(app: App, name: string): Page {
  const { store, words } = app
  const facts = h('div', {})
  const history = h('div', {})
  const told = h('div', { class: 'told', role: 'status' })
  const renew = () => {
    const device = store.devices.get(name)
    facts.replaceChildren(...(device === undefined ? [h('p', {}, words.waiting)] : describe(device, app)))
    fillAges(facts, store.now(), words)
    actions.hidden = !store.means.isOperator
  }
  const act = async (path: string, question: Record<string, unknown>) => {
    told.textContent = words.working
    try {
      const all = await ask<Told[]>(path, { device: name, ...question })
      told.replaceChildren(
        ...all.map(({ relay, said, problem }) =>
          h('p', { class: problem ? 'problem' : '' }, all.length > 1 ? `${relay}: ` : '', problem ?? said),
        ),
      )
    } catch (err) {
      if (!(err instanceof DeskProblem)) throw err
      told.replaceChildren(h('p', { class: 'problem' }, err.message))
    }
    void showHistory()
  }
  const showHistory = async () => {
    if (!store.means.isOperator) return history.replaceChildren(h('p', {}, words.historyOnly))
    try {
      const { entries, problems } = await ask<{ entries: Entry[]; problems: string[] }>('/ask/history', {
        device: name,
      })
      history.replaceChildren(
        ...problems.map(text => h('p', { class: 'problem' }, text)),
        entries.length === 0 ? h('p', {}, words.noHistory) : timeline(entries),
      )
    } catch (err) {
      if (!(err instanceof DeskProblem)) throw err
      history.replaceChildren(h('p', { class: 'problem' }, err.message))
    }
  }
  const span = h(
    'select',
    {},
    Object.entries(words.offEnds).map(([value, label]) => h('option', { value }, label)),
  )
  const reason = h('input', { type: 'text', maxlength: 200 })
  const off = () =>
    void act('/ask/switch', { on: false, reason: reason.value, ...(span.value !== '' && { for: span.value }) })
  const actions = h(
    'div',
    { class: 'actions' },
    h('label', {}, `${words.offFor} `, span),
    h('label', {}, `${words.reason} `, reason),
    h('button', { onclick: off }, words.switchOff),
    h('button', { onclick: () => void act('/ask/switch', { on: true, reason: reason.value }) }, words.switchOn),
    h('button', { onclick: () => void act('/ask/blink', {}) }, words.blink),
  )
  const root = h(
    'main',
    { class: 'device-page' },
    h('h1', {}, name),
    facts,
    actions,
    told,
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

function describe(device: DeskDevice, app: App): HTMLElement[] {
  const { words } = app
  const known = STATE_NAMES.find(state => state === device.state)
  const row = (title: string, ...content: Parameters<typeof h>[2][]) => [h('dt', {}, title), h('dd', {}, ...content)]
  return [
    h('p', { class: 'big' }, stateElement(device, app, 'large')),
    h(
      'dl',
      {},
      row(words.means, meaningText(device.state, app)),
      known !== undefined && row(words.todo, fieldSentences(known, app.language).remedy.text),
      device.off !== undefined && row(words.accessOff, device.off),
      device.cause !== '' && row(words.cause, device.cause),
      row(
        words.proved,
        ageElement(device.provedAtMs, words),
        device.provedBy && ` ${device.provedBy === 'login' ? words.byLogin : words.bySelfTest}`,
      ),
      row(words.reported, ageElement(device.reportedAtMs, words)),
      device.probeMs !== undefined && row(words.roundTrip, `${Math.round(device.probeMs)} ms`),
      device.software !== undefined && row(words.version, device.software),
      device.relay !== undefined && row(words.relay, device.relay),
      device.uplinks.length > 0 &&
        row(
          words.uplinks,
          h(
            'ul',
            {},
            device.uplinks.map(({ name, kind, carries, why, provedAtMs }) =>
              h(
                'li',
                {},
                [name, kind].filter(Boolean).join(', '),
                carries ? `: ${words.carries} ` : `: ${why} `,
                carries && device.signalDbm !== undefined && `${device.signalDbm} dBm `,
                provedAtMs !== undefined && [`${words.proved} `, ageElement(provedAtMs, words)],
              ),
            ),
          ),
        ),
      device.consoles.length > 0 &&
        row(
          words.consoles,
          h(
            'ul',
            {},
            device.consoles.map(({ name, open, cause, mayOpen }) =>
              h(
                'li',
                {},
                mayOpen ? h('a', { href: consoleLink([name]) }, name) : name,
                ` ${open === undefined ? words.unknown : open ? words.open : words.closed} ${cause}`,
              ),
            ),
          ),
        ),
      device.mayOpenShell && row(words.shell, h('a', { href: consoleLink([`shell:${device.name}`]) }, words.terminal)),
    ),
    ...(device.changes.length === 0
      ? []
      : [
          h('h2', {}, words.changes),
          h(
            'ol',
            { class: 'timeline states' },
            [...device.changes]
              .reverse()
              .map(({ atMs, state, cause }) =>
                h(
                  'li',
                  {},
                  h('span', { class: 'when' }, timeText(atMs)),
                  stateElement({ state }, app),
                  h('span', {}, cause),
                ),
              ),
          ),
        ]),
  ]
}

/** Newest first. */
function timeline(entries: readonly Entry[]): HTMLElement {
  return h(
    'ol',
    { class: 'timeline' },
    [...entries].reverse().map(entry => {
      const what = [
        entry.console,
        entry.technician !== entry.by && entry.technician,
        entry.rule,
        entry.text,
        entry.reason,
      ]
      const span = [entry.from, entry.to].filter(Boolean).map(iso => timeText(Date.parse(String(iso))))
      return h(
        'li',
        {},
        h('span', { class: 'when' }, whenText(entry.at)),
        h('strong', {}, entry.event),
        h('span', {}, entry.by),
        h('span', {}, [...what, span.join(' – ')].filter(Boolean).join(' · ')),
      )
    }),
  )
}

/** A line that was written by hand stays as it is. */
function whenText(iso: string): string {
  const ms = Date.parse(iso)
  return Number.isNaN(ms) ? iso : timeText(ms)
}
