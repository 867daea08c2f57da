/** A part of a device's page that its relays are asked for: again at each report, for an operator alone. */
import { fillAges } from './ages.ts'
import type { App } from './app.ts'
import { h } from './dom.ts'
import { ask, DeskProblem } from './talk.ts'

export interface Section {
  root: HTMLElement
  /** The device may have changed. */
  renew(): void
}

/** @param describe of an answer, in whose order the relays gave it; what they could not be asked comes before it */
export function askedSection<T extends { problems: string[] }>(
  app: App,
  name: string,
  { title, path, describe }: { title: string; path: string; describe(answer: T): HTMLElement[] },
): Section {
  const { words, store } = app
  const content = h('div', {}, h('p', {}, words.working))
  const root = h('section', {}, h('h2', {}, title), content)
  let askedFor = ''
  let isAsking = false
  const wanted = () => {
    const device = store.devices.get(name)
    return device === undefined ? '' : `${device.reportedAtMs} ${device.state}`
  }
  /** One question at a time: what changes meanwhile is asked for afterwards, once. */
  const show = async () => {
    if (isAsking) return
    isAsking = true
    while (wanted() !== askedFor && root.isConnected) {
      askedFor = wanted()
      const answer = await ask<T>(path, { device: name }).catch(err => {
        if (err instanceof DeskProblem) return err
        throw err
      })
      const problems = answer instanceof DeskProblem ? [answer.message] : answer.problems
      const told = answer instanceof DeskProblem ? [] : describe(answer)
      content.replaceChildren(...problems.map(text => h('p', { class: 'problem' }, text)), ...told)
      fillAges(content, store.now(), words)
    }
    isAsking = false
  }
  return {
    root,
    renew: () => {
      root.hidden = !store.means.isOperator
      // Once it is on the page.
      if (!root.hidden) queueMicrotask(() => void show())
    },
  }
}
