/** A real Chromium without a screen, with a profile of its own that ends with the test. */
import { existsSync } from 'node:fs'
import { type BrowserContext, type BrowserContextOptions, chromium, type Page } from 'playwright-core'
import { scratchDirectory } from './scratch.ts'
import type { TestContext } from './suite.ts'

/** Debian's; the tests of pages are skipped where it is missing. */
export const CHROMIUM = '/usr/bin/chromium'
export const hasChromium = () => existsSync(CHROMIUM)

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
    ...{ executablePath: CHROMIUM, headless: true, args: FLAGS, viewport: { width: 1280, height: 800 } },
    ...options,
  })
  context.cleanup(() => browser.close())
  const page = browser.pages()[0] ?? (await browser.newPage())
  page.setDefaultTimeout(60_000)
  const complaints: string[] = []
  page.on('pageerror', err => complaints.push(String(err)))
  page.on('console', message => message.type() === 'error' && complaints.push(message.text()))
  context.onFailure(() => `the browser:\n${complaints.join('\n')}`)
  return { page, context: browser, complaints }
}
