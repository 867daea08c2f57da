/** A file for the target: dropped on its terminal or chosen, sent by the device, with its progress in a strip above the terminal. */
import { EXEC_COMMANDS, FILE_MAX_BYTES } from '../../../../formats/exec-commands.ts'
import type { RunQuestion } from '../commands/console-questions.ts'
import type { App } from './app.ts'
import { showDialog } from './dialogs.ts'
import { h } from './dom.ts'
import { SPEEDS } from './line-settings.ts'
import { runCommand } from './run-command.ts'

export interface FileSender {
  /** Where a transfer is shown. */
  strip: HTMLElement
  readonly isRunning: boolean
  /** Asks how. @param files dropped ones; none for the button */
  ask(files?: readonly File[]): void
  stop(): void
}

type FileQuestion = Extract<RunQuestion, { bytes: number }>
type Protocol = FileQuestion['command']

const PROTOCOLS: readonly Protocol[] = ['xmodem-1k', 'ymodem', 'xmodem']
const [, NAME] = EXEC_COMMANDS.ymodem.arguments

export function createFileSender(name: string, app: App, onClose: () => void): FileSender {
  const strip = h('div', { class: 'transfer', hidden: true })
  let stop: (() => void) | undefined
  const send = (file: File, question: FileQuestion) => {
    const { words } = app
    const progress = h('progress', { max: 1, value: 0, 'aria-label': file.name })
    const told = h('p', { role: 'status' }, words.working)
    const button = h('button', {}, words.stopFile)
    strip.replaceChildren(h('strong', {}, file.name), progress, told, button)
    strip.hidden = false
    let last = ''
    let isStopped = false
    const run = runCommand(question, {
      onSaid: text => {
        last = text
        told.textContent = text
        const [, percent] = /: (\d{1,3}) %/.exec(text) ?? []
        progress.value = percent === undefined ? 0 : Number(percent) / 100
      },
      gone: words.deskGone,
    })
    run.give(file, taken => {
      progress.value = taken / file.size
      told.textContent = words.fileGoes(taken, file.size)
    })
    stop = () => {
      isStopped = true
      run.stop()
    }
    button.addEventListener('click', stop)
    void run.ended.then(({ code, problem }) => {
      stop = undefined
      const failed = `${words.fileFailed(file.name, code)}: ${problem ?? last}`
      told.textContent = isStopped ? words.fileStopped(file.name) : code === 0 ? words.fileDone(file.name) : failed
      told.className = code === 0 ? '' : 'problem'
      progress.hidden = code !== 0
      button.replaceWith(h('button', { onclick: () => hide() }, words.close))
    })
  }
  const hide = () => {
    strip.hidden = true
    strip.replaceChildren()
    onClose()
  }
  return {
    strip,
    get isRunning() {
      return stop !== undefined
    },
    ask: (files = []) => {
      if (stop === undefined) showChoice(name, app, files, onClose, send)
    },
    stop: () => stop?.(),
  }
}

function showChoice(
  name: string,
  { words }: App,
  dropped: readonly File[],
  onClose: () => void,
  send: (file: File, question: FileQuestion) => void,
): void {
  const chosen = h('input', { type: 'file' })
  const fileOf = () => dropped[0] ?? chosen.files?.[0]
  const protocol = h(
    'select',
    {},
    PROTOCOLS.map(value => h('option', { value }, words.protocols[value])),
  )
  const there = h('input', { autocomplete: 'off', spellcheck: 'false' })
  const speed = h(
    'select',
    {},
    h('option', { value: '' }, words.speedStays),
    SPEEDS.map(value => h('option', { value }, String(value))),
  )
  const problem = h('p', { class: 'problem', role: 'alert' })
  const suggest = () => {
    there.value =
      fileOf()
        ?.name.replace(/[^A-Za-z0-9._+=@-]+/g, '_')
        .replace(/^[^A-Za-z0-9]+/, '')
        .slice(0, 100) ?? ''
  }
  chosen.addEventListener('change', suggest)
  suggest()
  const begin = (event: Event) => {
    event.preventDefault()
    const file = fileOf()
    const command = protocol.value as Protocol
    const isNamed = command === 'ymodem'
    problem.textContent =
      dropped.length > 1
        ? words.oneFile
        : file === undefined
          ? words.noFile
          : file.size === 0
            ? words.emptyFile(file.name)
            : file.size > FILE_MAX_BYTES
              ? words.largeFile(file.name, file.size, FILE_MAX_BYTES)
              : isNamed && !NAME.takes.test(there.value)
                ? words.badName
                : ''
    if (problem.textContent !== '' || file === undefined) return
    const at = speed.value === '' ? {} : { at: Number(speed.value) }
    send(file, { command, console: name, bytes: file.size, ...(isNamed && { name: there.value }), ...at })
    dialog.close()
  }
  const [file] = dropped
  const dialog = showDialog(
    words.sendFileTitle(name),
    words,
    h('p', {}, words.sendHint),
    h(
      'form',
      { class: 'rows', onsubmit: begin },
      file === undefined
        ? h('label', {}, `${words.file} `, chosen)
        : h('p', {}, h('strong', {}, dropped.map(one => one.name).join(', ')), ` (${file.size} B)`),
      h('label', {}, `${words.protocol} `, protocol),
      h('label', {}, `${words.nameThere} `, there),
      h('label', {}, `${words.speedMeanwhile} `, speed),
      problem,
      h('button', { class: 'main' }, words.send),
    ),
  )
  dialog.addEventListener('close', onClose)
}
