/** `make desk-figures`: what the fleet page costs with a thousand devices, in a real browser. */
import { loadavg } from 'node:os'
import { openPage, type TestPage } from '../../../../testbed/browser.ts'
import { scratchDirectory } from '../../../../testbed/scratch.ts'
import { withUndo } from '../../../../testbed/undo.ts'
import { makeFleet, writeReport } from './made-fleet.ts'
import { rendererMb } from './memory.ts'
import { onRelay, startDesk } from './start-desk.ts'

const DEVICES = 1_000
/** Those that report for the first time between two looks: their rows change, and go to another place. */
const CHANGED = 100

await withUndo(async context => {
  const folder = await scratchDirectory(context)
  const names = Array.from({ length: DEVICES }, (_, index) => `device-${String(index).padStart(4, '0')}`)
  await makeFleet(folder, names, (_, index) => (index < CHANGED ? undefined : {}))
  const desk = await startDesk(context, onRelay(folder))
  const { page } = await openPage(context)
  await page.addInitScript(
    `window.long = []; new PerformanceObserver(list => long.push(...list.getEntries().map(({ duration }) => Math.round(duration)))).observe({ type: 'longtask' })`,
  )
  await page.goto(desk.url)
  await page
    .locator('li.device')
    .nth(DEVICES - 1)
    .waitFor({ state: 'attached' })
  const rowsMs = await page.evaluate(`Math.round(performance.now())`)
  const paintMs = await page.evaluate(`Math.round(performance.getEntriesByName('first-contentful-paint')[0].startTime)`)
  await page.locator('.why', { hasText: 'not connected' }).first().waitFor()
  const answeredMs = await page.evaluate(`Math.round(performance.now())`)
  const first = await longTasks(page)
  for (const name of names.slice(0, CHANGED)) await writeReport(folder, name, { uplink: 'wlan0' })
  await page
    .locator('li.device .fact', { hasText: 'wlan0' })
    .nth(CHANGED - 1)
    .waitFor({ state: 'attached' })
  const update = await longTasks(page)
  const searches = await typed(page, ['device-0', 'device-07', 'device-0777', ''])
  const frames = await page.evaluate(`new Promise(resolve => {
    const times = []; let last = performance.now()
    const step = now => { times.push(now - last); last = now; scrollBy(0, 200); times.length < 120 ? requestAnimationFrame(step) : resolve(times.sort((a, b) => a - b)[114].toFixed(0)) }
    requestAnimationFrame(step)
  })`)
  const session = await page.context().newCDPSession(page)
  await session.send('HeapProfiler.collectGarbage')
  const { nodes } = await session.send('Memory.getDOMCounters')
  const heap = await page.evaluate('Math.round(performance.memory.usedJSHeapSize / 1e6)')
  process.stdout.write(`${DEVICES} devices with a console each; load of the machine ${loadavg()[0]?.toFixed(1)}
first paint after ${paintMs} ms, all rows after ${rowsMs} ms, the answer of the relay after ${answeredMs} ms; tasks longer than 50 ms: ${first}
${CHANGED} devices that change and move: tasks longer than 50 ms: ${update}
a search, from the key to what is painted: ${searches}
scrolling: 95% of frames within ${frames} ms
memory: JavaScript ${heap} MB, ${nodes} nodes; the process of the page ${await rendererMb()} MB (PSS)
`)
})

async function longTasks(page: TestPage['page']): Promise<string> {
  const tasks = (await page.evaluate('long.splice(0)')) as number[]
  return tasks.length === 0 ? 'none' : tasks.map(ms => `${ms} ms`).join(', ')
}

/** Puts each text into the search, and waits until its frame is on the screen. */
async function typed(page: TestPage['page'], texts: readonly string[]): Promise<string> {
  const told: string[] = []
  for (const text of texts) {
    const ms = await page.evaluate(`new Promise(resolve => {
      const search = document.querySelector('#search'); search.value = ${JSON.stringify(text)}
      const from = performance.now(); search.dispatchEvent(new Event('input'))
      requestAnimationFrame(() => setTimeout(() => resolve(Math.round(performance.now() - from)), 0))
    })`)
    told.push(`${text === '' ? 'all again' : `"${text}"`} ${ms} ms`)
  }
  return told.join(', ')
}
