/** A desk in a lab, and its page in a real browser. */
import { join } from 'node:path'
import type { BrowserContextOptions, Page } from 'playwright-core'
import { type StartedDesk, startDesk } from '../../relay-config/operator/desk/testing/start-desk.ts'
import { openPage, PAGE_MS, type TestPage } from '../../testbed/browser.ts'
import type { TestContext } from '../../testbed/suite.ts'
import { waitFor } from '../../testbed/wait-for.ts'
import { CONSOLE, TECHNICIAN } from '../lab-fleet.ts'

/** Milliseconds for an answer through relay and device, on a machine that does much else. */
export const SLOW_MS = PAGE_MS

interface Lab {
  directory: string
}

/** The folder that a technician was given, and nothing else. */
export function technicianArgs({ directory }: Lab): string[] {
  return ['--ssh-config', join(directory, 'rendered/technicians', TECHNICIAN, 'config')]
}

/** The fleet file, on the relay itself. */
export function operatorArgs({ directory }: Lab): string[] {
  const state = ['--state', join(directory, 'relay/oobm')]
  return [
    '--fleet',
    join(directory, 'fleet.toml'),
    ...state,
    '--as',
    TECHNICIAN,
    '--identity',
    join(directory, 'people/alice/key'),
  ]
}

export async function openDesk(
  context: TestContext,
  args: string[],
  options: BrowserContextOptions = {},
): Promise<TestPage & { desk: StartedDesk }> {
  const desk = await startDesk(context, args)
  const opened = await openPage(context, options)
  await opened.page.goto(desk.url)
  return { ...opened, desk }
}

/** Waits for a text on the screen of a terminal: xterm.js keeps its lines for screen readers. */
export async function screenSays(page: Page, text: RegExp, pane = 0): Promise<void> {
  const lines = page.locator('.xterm-accessibility-tree').nth(pane).locator('> *')
  let seen = ''
  await waitFor(
    `the screen to say ${text}`,
    async () => {
      seen = (await lines.allTextContents()).map(line => line.trimEnd()).join('\n')
      return text.test(seen)
    },
    { timeoutMs: SLOW_MS },
  ).catch(err => {
    throw new Error(`${err instanceof Error ? err.message : err}; it says:\n${seen}`)
  })
}

/** Opens the lab's console from the fleet, as a person does, up to the prompt of the router. */
export async function openConsole(page: Page): Promise<void> {
  await page.locator('.consoles').getByRole('link', { name: CONSOLE, exact: true }).click()
  await screenSays(page, /Press RETURN to get started/)
  await page.keyboard.press('Enter')
  await screenSays(page, /Router>/)
}
