/** Equipment with a command line behind a pty: echoes, answers, pages and prompts as a test wants it. */
import type { PtyTarget } from '../../../testbed/pty-target.ts'

type Say = (text: string) => void
type Answer = string | ((say: Say) => Promise<void> | void | undefined)

export interface SimulatedCli {
  /** The lines that it got. */
  readonly lines: string[]
  /** It waits for a line. */
  readonly isIdle: boolean
  prompt: string
  echo: (line: string) => string
  /** What it says after the prompt. */
  after: string
  /** It answers every line with these, and waits for a key after each but the last. */
  pages: { pager: string; erase: string; key: string; pages: string[] } | undefined
  /** After this line it asks, and any key answers. */
  question: { line: string; text: string } | undefined
  answer: Say
}

/** @param answers without one, a line has an empty answer; one that says nothing leaves out the prompt, too */
export function simulatedCli(target: PtyTarget, answers: Record<string, Answer>): SimulatedCli {
  let typed = ''
  let waitsForKey: ((key: string) => void) | undefined
  const cli: SimulatedCli & { isIdle: boolean } = {
    lines: [],
    isIdle: true,
    prompt: 'Router#',
    echo: line => `${line}\r\n`,
    after: '',
    pages: undefined,
    question: undefined,
    answer: text => target.says(text),
  }

  target.onHeard(text => {
    for (const char of text) {
      if (waitsForKey) waitsForKey(char)
      else if (char === '\r') void take()
      else typed += char
    }
  })

  async function take(): Promise<void> {
    const line = typed
    typed = ''
    cli.lines.push(line)
    cli.isIdle = false
    target.says(cli.echo(line))
    if (cli.pages) await page(cli.pages)
    if (cli.question?.line === line) {
      target.says(cli.question.text)
      await new Promise<void>(resolve => {
        waitsForKey = () => resolve()
      })
      waitsForKey = undefined
      target.says('\r\n')
    }
    const answer = answers[line] ?? ''
    if (typeof answer === 'string') target.says(answer)
    else {
      let hasSaid = false
      const done = answer(text => {
        hasSaid = true
        target.says(text)
      })
      await done
      if (!hasSaid || done === undefined) return
    }
    target.says(cli.prompt + cli.after)
    cli.isIdle = true
  }

  async function page({ pages, pager, erase, key }: NonNullable<SimulatedCli['pages']>): Promise<void> {
    for (const [index, text] of pages.entries()) {
      target.says(text)
      if (index === pages.length - 1) break
      target.says(pager)
      await new Promise<void>(resolve => {
        waitsForKey = pressed => {
          if (pressed === key) resolve()
        }
      })
      waitsForKey = undefined
      target.says(erase)
    }
  }
  return cli
}
