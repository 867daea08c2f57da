/** A paste of several lines: shown first, sent line by line with pauses, and stopped at once. */
import type { App } from './app.ts'
import { h } from './dom.ts'
import type { DeskTerminal } from './open-terminal.ts'

/** Milliseconds after each line that may be chosen: slow equipment reads with a buffer of a few bytes. */
const PAUSES_MS = [0, 50, 100, 250, 500, 1_000, 2_000]
const PAUSE_MS = 100

export function showPaste(text: string, terminal: DeskTerminal, { words }: App): void {
  const area = h('textarea', { rows: 10, spellcheck: 'false', 'aria-label': words.paste })
  area.value = text
  const pause = h(
    'select',
    {},
    PAUSES_MS.map(ms => h('option', { value: ms, selected: ms === PAUSE_MS }, `${ms} ms`)),
  )
  const progress = h('progress', { max: 1, value: 0, 'aria-label': words.paste })
  const told = h('p', { role: 'status' })
  const send = h('button', { class: 'main' }, words.send)
  const stop = h('button', {}, words.cancel)
  const title = h('h2', {}, words.pasteTitle(text.replace(/[\r\n]+$/, '').split(/\r\n|\r|\n/).length))
  const dialog = h(
    'dialog',
    { class: 'paste' },
    title,
    area,
    h('label', {}, `${words.pastePause}: `, pause),
    progress,
    told,
    h('div', { class: 'buttons' }, send, stop),
  )
  let isStopped = false
  const end = () => {
    isStopped = true
    dialog.close()
    dialog.remove()
    terminal.focus()
  }
  stop.addEventListener('click', end)
  dialog.addEventListener('cancel', end)
  send.addEventListener('click', async () => {
    const lines = area.value.split(/\r\n|\r|\n/)
    send.disabled = true
    stop.textContent = words.stop
    let done = 0
    for (const [index, line] of lines.entries()) {
      if (isStopped || terminal.state.is !== 'connected') break
      const isLast = index === lines.length - 1
      if (!isLast || line !== '') terminal.send(isLast ? line : `${line}\r`)
      done++
      progress.value = done / lines.length
      told.textContent = words.pasteProgress(done, lines.length)
      if (!isLast) await new Promise(resolve => setTimeout(resolve, Number(pause.value)))
    }
    if (done === lines.length) return end()
    told.textContent = words.pasteStopped(done, lines.length)
    stop.textContent = words.close
  })
  document.body.append(dialog)
  dialog.showModal()
  send.focus()
}
