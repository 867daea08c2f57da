/** What a device's page says of it: its state and what to do, the proof, its ways out, its consoles, its latest changes. */
import { fieldSentences } from '../../../../formats/field-sentences.ts'
import { STATE_NAMES } from '../../../../formats/states.ts'
import type { DeskDevice } from '../rows.ts'
import { ageElement, timeText } from './ages.ts'
import { type App, consoleLink, replayLink } from './app.ts'
import { h } from './dom.ts'
import { meaningText, stateElement } from './state.ts'

export function describeFacts(device: DeskDevice, app: App): HTMLElement[] {
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
                ` ${open === undefined ? words.unknown : open ? words.open : words.closed} ${cause} `,
                mayOpen && h('a', { href: replayLink(name) }, words.recordings),
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
