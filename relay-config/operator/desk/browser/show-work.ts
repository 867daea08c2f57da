/** A dialog in which a command runs: its lines as they come, how it ended, and Stop. */
import type { RunQuestion } from '../commands/console-questions.ts'
import type { App } from './app.ts'
import { showDialog } from './dialogs.ts'
import { h } from './dom.ts'
import { type Run, runCommand } from './run-command.ts'

export interface Work {
  add(...content: HTMLElement[]): void
  /** In the place of what is shown. */
  print(text: string): void
  say(text: string): void
  /** @returns undefined while another one runs. Closed, the dialog leaves the command: the device ends what can be ended. */
  begin(question: RunQuestion): Run | undefined
}

export function showWork(title: string, { words }: App, onClose: () => void): Work {
  const lines = h('pre', { class: 'log', tabindex: 0, 'aria-label': title, role: 'log' }, words.working)
  const told = h('p', { role: 'status', class: 'outcome' })
  const more = h('div', {})
  let running: Run | undefined
  const dialog = showDialog(title, words, lines, told, more)
  dialog.addEventListener('close', () => {
    running?.stop()
    onClose()
  })
  const setRunning = (run: Run | undefined) => {
    running = run
    dialog.toggleAttribute('data-busy', run !== undefined)
  }
  return {
    add: (...content) => more.append(...content),
    print: text => {
      lines.textContent = text
    },
    say: text => {
      told.textContent = text
    },
    begin: question => {
      if (running !== undefined) return undefined
      lines.textContent = ''
      told.textContent = words.working
      const run = runCommand(question, {
        onSaid: text => {
          lines.append(`${text}\n`)
          lines.scrollTop = lines.scrollHeight
        },
        gone: words.deskGone,
      })
      setRunning(run)
      void run.ended.then(({ code, problem }) => {
        setRunning(undefined)
        told.textContent = code === 0 ? words.done : [words.notDone(code), problem].filter(Boolean).join(' ')
      })
      return run
    },
  }
}
