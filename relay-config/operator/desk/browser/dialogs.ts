/** Small dialogs of a console: BREAK, its log, and an address that was clicked. */
import { BREAK_MS, BREAK_SEQUENCES } from '../../../../formats/exec-commands.ts'
import type { App } from './app.ts'
import { h } from './dom.ts'
import { ask, DeskProblem } from './talk.ts'

/** What ssh's command at a console came to. */
export interface ConsoleReply {
  code: number | null
  stdout: string
  said: string
}

const LOG_LINES = 2_000

/** A question at a console, and what it came to as a text. */
export async function askConsole(question: Record<string, unknown>): Promise<ConsoleReply> {
  try {
    return await ask<ConsoleReply>('/ask/console', question)
  } catch (err) {
    if (err instanceof DeskProblem) return { code: null, stdout: '', said: err.message }
    throw err
  }
}

export function breakMenu(console: string, { words }: App, told: (text: string) => void): HTMLElement {
  const send = async (label: string, question: Record<string, unknown>) => {
    menu.open = false
    told(words.working)
    const { code, said, stdout } = await askConsole({ command: 'break', console, ...question })
    told(code === 0 ? `${words.breakSent}: ${label}` : said || stdout.trim())
  }
  const item = (label: string, question: Record<string, unknown>) =>
    h('li', {}, h('button', { onclick: () => void send(label, question) }, label))
  const lengths = [BREAK_MS.default, 1_000, BREAK_MS.max]
  const menu = h(
    'details',
    { class: 'menu' },
    h('summary', { class: 'break' }, words.breakButton),
    h(
      'div',
      {},
      h(
        'ul',
        {},
        lengths.map(ms => item(words.breakFor(ms), { ms })),
      ),
      h('p', {}, words.breakAs),
      h(
        'ul',
        {},
        Object.entries(BREAK_SEQUENCES).map(([name, { help }]) => item(`${name}: ${help}`, { as: name })),
      ),
    ),
  )
  return menu
}

export function showLog(console: string, { words }: App, onClose: () => void): void {
  const since = h(
    'select',
    {},
    Object.entries(words.logSinces).map(([value, label]) => h('option', { value, selected: value === '1h' }, label)),
  )
  const grep = h('input', { type: 'search', spellcheck: 'false' })
  const text = h('pre', { class: 'log', tabindex: 0, 'aria-label': words.log })
  const show = async (event?: Event) => {
    event?.preventDefault()
    text.textContent = words.working
    const only = grep.value === '' ? {} : { grep: grep.value }
    const { code, stdout, said } = await askConsole({
      command: 'log',
      console,
      since: since.value,
      lines: LOG_LINES,
      ...only,
    })
    text.textContent = stdout !== '' ? stdout : code === 0 || (code === 1 && grep.value !== '') ? words.noLines : said
    text.scrollTop = text.scrollHeight
  }
  showDialog(
    `${words.log}: ${console}`,
    words,
    h(
      'form',
      { class: 'buttons', onsubmit: (event: Event) => void show(event) },
      h('label', {}, `${words.logSince} `, since),
      h('label', {}, `${words.logGrep} `, grep),
      h('button', { class: 'main' }, words.show),
    ),
    h('p', {}, words.logTitle),
    text,
  ).addEventListener('close', onClose)
  void show()
}

/** What is behind an address in the output is the target's to say: the person sees it first. */
export function askForLink(address: string, { words }: App, onClose: () => void): void {
  if (!/^https?:\/\//i.test(address)) return
  const open = h(
    'a',
    { href: address, target: '_blank', rel: 'noopener noreferrer', class: 'main button' },
    words.linkOpen,
  )
  const dialog = showDialog(words.openLink, words, h('p', { class: 'address' }, address), open)
  open.addEventListener('click', () => dialog.close())
  dialog.addEventListener('close', onClose)
}

export function showDialog(title: string, words: App['words'], ...content: HTMLElement[]): HTMLDialogElement {
  const close = h('button', {}, words.close)
  const dialog = h(
    'dialog',
    { 'aria-label': title },
    h('h2', {}, title),
    content,
    h('div', { class: 'buttons' }, close),
  )
  close.addEventListener('click', () => dialog.close())
  dialog.addEventListener('close', () => dialog.remove())
  document.body.append(dialog)
  dialog.showModal()
  return dialog
}
