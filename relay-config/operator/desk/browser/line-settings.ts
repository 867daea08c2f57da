/** Speed and settings of a console's line: shown, changed, found by listening, and back to what is configured. */
import type { App } from './app.ts'
import { askConsole } from './dialogs.ts'
import { h } from './dom.ts'
import { showWork } from './show-work.ts'

/** The usual ones of console ports. */
export const SPEEDS = [9_600, 19_200, 38_400, 57_600, 115_200, 230_400]

export function showLineSettings(name: string, app: App, onClose: () => void): void {
  const { words } = app
  const work = showWork(words.lineTitle(name), app, onClose)
  const speeds = h(
    'datalist',
    { id: `speeds-${name}` },
    SPEEDS.map(speed => h('option', { value: speed })),
  )
  const setting = h('input', { list: speeds.id, autocomplete: 'off', spellcheck: 'false', required: true })
  const keep = h('input', { type: 'checkbox' })
  const ask = async (question: Record<string, unknown>) => {
    work.say(words.working)
    const { code, stdout, said } = await askConsole({ console: name, ...question })
    if (stdout !== '') work.print(stdout.trimEnd())
    work.say(code === 0 ? words.done : `${words.notDone(code)} ${said}`)
    return code
  }
  const look = () => ask({ command: 'settings' }).then(code => code === 0 && work.say(''))
  const change = async (event: Event) => {
    event.preventDefault()
    await ask({ command: 'set', words: setting.value.trim().split(/\s+/), keep: keep.checked })
  }
  work.add(
    speeds,
    h(
      'form',
      { class: 'buttons', onsubmit: (event: Event) => void change(event) },
      h('label', { class: 'wide' }, `${words.lineSetting} `, setting),
      h('label', {}, keep, ` ${words.lineKeep}`),
      h('button', { class: 'main' }, words.lineSet),
    ),
    h(
      'div',
      { class: 'buttons' },
      h('button', { onclick: () => void ask({ command: 'default' }) }, words.lineDefault),
      h('button', { onclick: () => void work.begin({ command: 'autobaud', console: name }) }, words.lineFind),
    ),
  )
  void look()
}
