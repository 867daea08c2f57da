/** The signed settings of a device and the version of its software: what is in force, on trial, refused, or waits at the relay. */
import type { DeskSettings } from '../rows.ts'
import { ageElement } from './ages.ts'
import type { App } from './app.ts'
import { askedSection, type Section } from './asked-section.ts'
import { h } from './dom.ts'

export function settingsSection(app: App, name: string): Section {
  return askedSection<{ settings?: DeskSettings; problems: string[] }>(app, name, {
    title: app.words.settings,
    path: '/ask/settings',
    describe: ({ settings }) => (settings === undefined ? [] : [describe(settings, app)]),
  })
}

const isBad = (state: string) => state === 'refused' || state === 'reverted' || state === 'partly'

function describe({ state, sinceMs, serial, by, leftAtMs, inForce, cause }: DeskSettings, { words }: App) {
  const row = (title: string, ...content: Parameters<typeof h>[2][]) => [h('dt', {}, title), h('dd', {}, ...content)]
  const said = Object.hasOwn(words.settingsStates, state) ? words.settingsStates[state] : state
  return h(
    'dl',
    {},
    row(words.settingsInForce, inForce === undefined ? words.settingsUnknown : `${words.serial} ${inForce}`),
    serial !== undefined &&
      row(words.settingsAtRelay, `${words.serial} ${serial}, ${words.leftBy(by ?? '')} `, ageElement(leftAtMs, words)),
    row(
      words.settingsResult,
      h('span', { class: isBad(state) ? 'problem' : '' }, said),
      ' ',
      sinceMs !== undefined && state !== 'none' && ageElement(sinceMs, words),
      cause !== '' && `: ${cause}`,
    ),
  )
}
