/** How long a key at a console of the desk takes until its echo is painted, as the page's own clock has it. */
import type { TestPage } from '../../../../testbed/browser.ts'

type Page = TestPage['page']

export interface KeyTimes {
  /** Milliseconds until the page had the last output of a console: with one console, the echo. */
  arrivedMs: number
  paintedMs: number
}

/** In the page: from `awaitKey(pane)` on, `echo` is when the echo of the next key was there. */
const METER = `{
  let arrivedMs
  const Plain = WebSocket
  window.WebSocket = class extends Plain {
    constructor(...options) {
      super(...options)
      this.addEventListener('message', ({ data }) => {
        if (typeof data !== 'string') arrivedMs = performance.now()
      })
    }
  }
  window.awaitKey = pane => void (window.echo = new Promise((resolve, reject) => {
    setTimeout(() => reject(new Error('no echo within 20 s')), 20_000)
    const rows = document.querySelector('section[aria-label="' + pane + '"] .xterm-rows')
    const count = () => rows.textContent.split('x').length
    const before = count()
    let fromMs
    addEventListener('keydown', event => { fromMs = event.timeStamp }, { capture: true, once: true })
    const seen = new MutationObserver(() => {
      if (count() === before) return
      seen.disconnect()
      // xterm.js draws when a frame begins; a message is handled when that frame is done.
      const { port1, port2 } = new MessageChannel()
      port1.onmessage = () => resolve({ arrivedMs: arrivedMs - fromMs, paintedMs: performance.now() - fromMs })
      port2.postMessage(0)
    })
    seen.observe(rows, { childList: true, subtree: true, characterData: true })
  }))
}`

/** Before the page is opened. */
export async function addKeyMeter(page: Page): Promise<void> {
  await page.addInitScript(METER)
}

/**
 * Types one key at a console that echoes, and that has the focus.
 * @throws Error when no echo comes within 20 seconds
 */
export async function timeKey(page: Page, pane: string): Promise<KeyTimes> {
  await page.evaluate(`awaitKey(${JSON.stringify(pane)})`)
  await page.keyboard.press('x')
  return (await page.evaluate('echo')) as KeyTimes
}
