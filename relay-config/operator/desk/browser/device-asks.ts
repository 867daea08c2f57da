/** What the device answers itself, in the person's own shell there: its doctor, its settings, its upgrades. */
import { ageElement, fillAges } from './ages.ts'
import type { App } from './app.ts'
import { h } from './dom.ts'
import { ask, DeskProblem } from './talk.ts'

type Question = 'doctor' | 'settings' | 'upgrades'

interface Reply {
  code: number | null
  stdout: string
  said: string
  isCut: boolean
  line: string
  atMs: number
}

/** ssh's own failure (ssh(1), EXIT STATUS). */
const SSH_FAILED = 255

export function atDevice(app: App, name: string): { root: HTMLElement; renew(): void } {
  const { words, store } = app
  const answer = h('div', { class: 'told', role: 'status' })
  const run = async (question: Question) => {
    answer.replaceChildren(h('p', {}, words.working))
    for (const button of buttons) button.disabled = true
    try {
      const reply = await ask<Reply>('/ask/at-device', { device: name, ask: question })
      answer.replaceChildren(...describe(reply, name, app))
      fillAges(answer, store.now(), words)
    } catch (err) {
      if (!(err instanceof DeskProblem)) throw err
      answer.replaceChildren(h('p', { class: 'problem' }, err.message))
    }
    for (const button of buttons) button.disabled = false
  }
  const buttons = (['doctor', 'settings', 'upgrades'] as const).map(question =>
    h('button', { onclick: () => void run(question) }, words.asks[question]),
  )
  const mayNot = h('p', {}, words.noShell)
  const root = h(
    'section',
    {},
    h('h2', {}, words.atDevice),
    h('p', { class: 'counts' }, words.atDeviceHow),
    mayNot,
    h('div', { class: 'buttons' }, buttons),
    answer,
  )
  const renew = () => {
    const may = store.devices.get(name)?.mayOpenShell === true
    mayNot.hidden = may
    for (const button of buttons) button.hidden = !may
  }
  return { root, renew }
}

function describe({ code, stdout, said, isCut, line, atMs }: Reply, device: string, { words }: App): HTMLElement[] {
  const isReached = code !== null && code !== SSH_FAILED
  const problem = !isReached ? said || words.notReached : code === 0 ? '' : `${words.exitCode} ${code}`
  return [
    h('p', {}, h('code', {}, `ssh ${device} ${line}`), ' ', ageElement(atMs, words)),
    ...(problem === '' ? [] : [h('p', { class: 'problem' }, problem, stdout === '' && said !== '' && `: ${said}`)]),
    ...(stdout === ''
      ? []
      : [h('pre', { class: 'log', tabindex: 0, role: 'region', 'aria-label': `${device}: ${line}` }, stdout)]),
    ...(isCut ? [h('p', { class: 'problem' }, words.answerCut)] : []),
  ]
}
