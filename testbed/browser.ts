/** A real Chromium without a screen, with a profile of its own that ends with the test. */
import { existsSync } from 'node:fs'
import { type BrowserContext, type BrowserContextOptions, chromium, type Page } from 'playwright-core'
import { scratchDirectory } from './scratch.ts'
import type { TestContext } from './suite.ts'

/** Debian's; the tests of pages are skipped where it is missing. */
export const CHROMIUM = '/usr/bin/chromium'
export const hasChromium = () => existsSync(CHROMIUM)

/** Milliseconds for whatever a page is waited for: a machine with other work has taken more than a minute for a login. */
export const PAGE_MS = 120_000

const FLAGS = [
  ...['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking'],
  ...['--disable-component-update', '--disable-sync'],
]

export interface TestPage {
  page: Page
  context: BrowserContext
  /** What scripts have thrown, and what the page’s policy has refused. */
  complaints: string[]
}

export async function openPage(context: TestContext, options: BrowserContextOptions = {}): Promise<TestPage> {
  const profile = await scratchDirectory(context)
  const browser = await chromium.launchPersistentContext(profile, {
    ...{
      executablePath: CHROMIUM,
      headless: true,
      timeout: PAGE_MS,
      args: FLAGS,
      viewport: { width: 1280, height: 800 },
    },
    ...options,
  })
  context.cleanup(() => browser.close())
  browser.setDefaultTimeout(PAGE_MS)
  const page = browser.pages()[0] ?? (await browser.newPage())
  const complaints: string[] = []
  page.on('pageerror', err => complaints.push(String(err)))
  page.on('console', message => message.type() === 'error' && complaints.push(message.text()))
  context.onFailure(() => `the browser:\n${complaints.join('\n')}`)
  return { page, context: browser, complaints }
}
