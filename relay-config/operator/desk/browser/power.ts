/** The power of a target: how its outlets are, and what the device says while they are switched. */
import type { App } from './app.ts'
import { askConsole } from './dialogs.ts'
import { h } from './dom.ts'
import { showWork } from './show-work.ts'

type Action = keyof App['words']['powerActions']

/** The device asks for the name before the target loses its power, and judges the answer. */
export function showPower(name: string, app: App, onClose: () => void): void {
  const { words } = app
  const typed = h('input', { autocomplete: 'off', spellcheck: 'false' })
  const stop = h('button', { hidden: true }, words.stopBreaks)
  const work = showWork(words.powerTitle(name), app, onClose)
  const look = async () => {
    const { stdout, said } = await askConsole({ command: 'power', console: name })
    work.print([stdout.trim(), said].filter(text => text !== '').join('\n'))
  }
  const button = (action: Action) => {
    const act = async () => {
      const run = work.begin({ command: action, console: name })
      if (run === undefined) return
      if (action !== 'on') run.type(`${typed.value}\n`)
      typed.value = ''
      stop.hidden = action !== 'cycle-break'
      stop.onclick = () => run.type('\n')
      await run.ended
      stop.hidden = true
    }
    return h('button', { onclick: () => void act() }, words.powerActions[action])
  }
  work.add(
    h('div', { class: 'buttons' }, button('on')),
    h('label', { class: 'wide' }, `${words.powerName(name)} `, typed),
    h('div', { class: 'buttons' }, button('off'), button('cycle'), button('cycle-break'), stop),
  )
  void look()
}
