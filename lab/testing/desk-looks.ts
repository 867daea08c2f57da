/** What axe-core finds on a page of the desk, and a picture of it. */
import { mkdir } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import type { TestPage } from '../../testbed/browser.ts'

const AXE = createRequire(import.meta.url).resolve('axe-core/axe.min.js')
/** `make desk-pictures` keeps them. */
const PICTURES = process.env.OOBM_DESK_PICTURES

/** By the test's own hand, past the policy of the page: its browser needs `bypassCSP`. */
export async function bringAxe(page: TestPage['page']): Promise<void> {
  await page.addScriptTag({ path: AXE })
  if (PICTURES !== undefined) await mkdir(PICTURES, { recursive: true })
}

/** What is wrong with what the page shows now. */
export async function looked(page: TestPage['page'], what: string): Promise<string[]> {
  const violations = (await page.evaluate(
    `axe.run(document, { resultTypes: ['violations'] }).then(({ violations }) => violations.map(({ id, impact, nodes }) => id + ' (' + impact + '): ' + nodes.map(node => node.html.slice(0, 120)).join(' | ')))`,
  )) as string[]
  const wide = Number(
    await page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth'),
  )
  if (PICTURES !== undefined) await page.screenshot({ path: join(PICTURES, `${what}.png`) })
  return [
    ...violations.map(violation => `${what}: ${violation}`),
    ...(wide > 0 ? [`${what}: ${wide} pixels too wide`] : []),
  ]
}
