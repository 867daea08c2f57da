/** `make desk-figures`: what the fleet page costs with a thousand devices, in a real browser. */
import { openPage } from '../../../../testbed/browser.ts'
import { scratchDirectory } from '../../../../testbed/scratch.ts'
import { withUndo } from '../../../../testbed/undo.ts'
import { makeFleet, writeReport } from './made-fleet.ts'
import { onRelay, startDesk } from './start-desk.ts'

const DEVICES = 1_000
/** Those that report anew between two looks. */
const CHANGED = 100

await withUndo(async context => {
  const folder = await scratchDirectory(context)
  const names = Array.from({ length: DEVICES }, (_, index) => `device-${String(index).padStart(4, '0')}`)
  await makeFleet(folder, names, () => ({}))
  const desk = await startDesk(context, onRelay(folder))
  const { page } = await openPage(context)
  await page.goto(desk.url)
  await page
    .locator('li.device')
    .nth(DEVICES - 1)
    .waitFor({ state: 'attached' })
  const paint = await page.evaluate(
    `performance.getEntriesByType('paint').map(({ name, startTime }) => name + ' ' + Math.round(startTime) + ' ms').join(', ')`,
  )
  const rowsMs = await page.evaluate(`Math.round(performance.now())`)
  await page.locator('.why', { hasText: 'not connected' }).first().waitFor()
  const answeredMs = await page.evaluate(`Math.round(performance.now())`)
  await page.evaluate(
    `window.long = []; new PerformanceObserver(list => long.push(...list.getEntries().map(({ duration }) => Math.round(duration)))).observe({ type: 'longtask' })`,
  )
  for (const name of names.slice(0, CHANGED)) await writeReport(folder, name, { software: '0.2.0', uplink: 'wlan0' })
  await page
    .locator('li.device .fact', { hasText: 'wlan0' })
    .nth(CHANGED - 1)
    .waitFor({ state: 'attached' })
  const updateMs = await page.evaluate('JSON.stringify(long)')
  await page.evaluate('long.length = 0')
  const searchMs = await page.evaluate(`new Promise(resolve => {
    const search = document.querySelector('#search'); search.value = 'device-0777'
    const from = performance.now(); search.dispatchEvent(new Event('input'))
    const ran = performance.now(); document.body.offsetHeight; const laid = performance.now()
    resolve(Math.round(ran - from) + ' ms to filter, ' + Math.round(laid - ran) + ' ms to lay out')
  })`)
  const frames = await page.evaluate(`new Promise(resolve => {
    document.querySelector('#search').value = ''; document.querySelector('#search').dispatchEvent(new Event('input'))
    const times = []; let last = performance.now()
    const step = now => { times.push(now - last); last = now; document.querySelector('main').scrollBy(0, 200); scrollBy(0, 200); times.length < 120 ? requestAnimationFrame(step) : resolve(times.sort((a, b) => a - b)[114].toFixed(0)) }
    requestAnimationFrame(step)
  })`)
  const session = await page.context().newCDPSession(page)
  await session.send('HeapProfiler.collectGarbage')
  const heap = await page.evaluate('Math.round(performance.memory.usedJSHeapSize / 1e6)')
  process.stdout.write(`${DEVICES} devices: ${paint}; rows after ${rowsMs} ms, with states after ${answeredMs} ms
${CHANGED} devices changed at once: tasks longer than 50 ms: ${updateMs}
a search: ${searchMs}; scrolling: 95% of frames within ${frames} ms; JavaScript heap ${heap} MB
`)
})
