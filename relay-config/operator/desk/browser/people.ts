/** The people at a console: who is here, who types, and what they say to each other. */

import { type ConsoleFacts, readFacts } from '../commands/console-facts.ts'
import { createNoticeReader } from '../commands/notices.ts'
import type { App } from './app.ts'
import { consoleLink } from './app.ts'
import { askConsole, showDialog } from './dialogs.ts'
import { h } from './dom.ts'
import type { DeskTerminal } from './open-terminal.ts'

export interface People {
  /** What the terminal shows. */
  read(bytes: Uint8Array): void
  /** Undefined until the console has answered. */
  readonly facts: ConsoleFacts | undefined
  onFacts: (facts: ConsoleFacts) => void
  /** The latest last. */
  readonly messages: readonly string[]
  onMessage: (text: string) => void
}

const MESSAGES_MAX = 20
/** Milliseconds after a notice of the bridge until the console is asked, and between two questions. */
const SOON_MS = 700
const BETWEEN_MS = 4_000

/** The bridge's notices tell when something has changed: nothing is asked while nothing happens. */
export function followPeople(name: string): People {
  let isPlanned = false
  let askedAtMs = Number.NEGATIVE_INFINITY
  const messages: string[] = []
  const look = async () => {
    isPlanned = false
    askedAtMs = performance.now()
    const { stdout } = await askConsole({ command: 'status', console: name })
    const facts = readFacts(stdout, name)
    if (facts === undefined) return
    people.facts = facts
    people.onFacts(facts)
  }
  const read = createNoticeReader(text => {
    if (text.startsWith('message from ')) {
      messages.push(text)
      messages.splice(0, messages.length - MESSAGES_MAX)
      people.onMessage(text)
    }
    if (isPlanned) return
    isPlanned = true
    setTimeout(() => void look(), Math.max(SOON_MS, askedAtMs + BETWEEN_MS - performance.now()))
  })
  const people = {
    read,
    messages,
    facts: undefined as ConsoleFacts | undefined,
    onFacts: (_: ConsoleFacts) => {},
    onMessage: (_: string) => {},
  }
  return people
}

/** `bob types, alice watches` */
export function whoText({ types, watch }: ConsoleFacts, { words }: App): string {
  const each = [
    ...(types === undefined ? [] : [`${types} ${words.types}`]),
    ...watch.map(who => `${who} ${words.watches}`),
  ]
  return each.length === 0 ? words.nobody : each.join(', ')
}

export function showPeople(terminal: DeskTerminal, people: People, app: App): void {
  const { words } = app
  const { name, kind } = terminal
  const here = h('pre', { class: 'log', tabindex: 0, 'aria-label': words.who }, words.working)
  const refresh = async () => {
    const { stdout, said } = await askConsole({ command: 'who', console: name })
    here.textContent = stdout.trim() || said || words.nobody
  }
  // What the terminal answers is seen there.
  const press = (keys: string) => () => {
    dialog.close()
    terminal.send(keys)
  }
  const { takeOver, giveUp } = people.facts ?? {}
  const typing =
    kind === 'watch'
      ? h('a', { class: 'button', href: consoleLink([name]), onclick: () => dialog.close() }, words.openToType)
      : takeOver === undefined || giveUp === undefined
        ? h('p', {}, words.oldBridge)
        : h(
            'div',
            { class: 'buttons' },
            h('button', { onclick: press(takeOver) }, words.takeOver),
            h('button', { onclick: press(giveUp) }, words.giveUp),
          )
  const text = h('input', { maxlength: 300, required: true, autocomplete: 'off' })
  const told = h('p', { role: 'status' })
  const send = async (event: Event) => {
    event.preventDefault()
    told.textContent = words.working
    const { code, stdout, said } = await askConsole({ command: 'message', console: name, text: text.value })
    told.textContent = code === 0 ? stdout.trim() : said || words.notDone(code)
    if (code === 0) text.value = ''
  }
  const shown = people.messages.length === 0 ? words.noMessages : people.messages.join('\n')
  const dialog = showDialog(
    `${words.who}: ${name}`,
    words,
    here,
    typing,
    h(
      'form',
      { class: 'buttons', onsubmit: (event: Event) => void send(event) },
      h('label', { class: 'wide' }, `${words.message} `, text),
      h('button', { class: 'main' }, words.sendMessage),
    ),
    told,
    h('h3', {}, words.messages),
    h('pre', { class: 'log messages', tabindex: 0, 'aria-label': words.messages }, shown),
  )
  dialog.addEventListener('close', terminal.focus)
  void refresh()
}
