/** `make page-pictures`: the page as Chromium shows it at the size of a phone, served as on a device: every state, both languages. */
import { mkdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import spawn from 'nano-spawn'
import type { FieldState } from '../../../formats/field-sentences.ts'
import { LANGUAGES } from '../../../formats/languages.ts'
import { STATE_NAMES } from '../../../formats/states.ts'
import { createLog } from '../../../runtime/log.ts'
import { freePort } from '../../../testbed/free-port.ts'
import type { PageFacts } from '../page-facts.ts'
import { renderPage } from '../render-page.ts'
import { servePage } from '../serve-page.ts'
import { sampleFacts } from './sample-facts.ts'

const FOLDER = resolve('build/page-pictures')
const STATES: FieldState[] = [...STATE_NAMES, 'not-running']
/** A phone of today, in CSS pixels, and what is below. */
const PHONE = '390,1400'
/** What cannot be known in these states. */
const UNKNOWN: Partial<Record<FieldState, Partial<PageFacts>>> = {
  'not-running': { uplinks: [], cause: 'oobm-supervisor has not answered for 40 s; its process 412 still runs' },
  unconfigured: {
    ...{ device: undefined, contact: undefined, uplinks: [], consoles: [], provedMs: undefined },
    fault: 'the boot partition: there is no oobm.toml on this card',
  },
}

const address = '127.0.0.1'
const port = await freePort()
const controller = new AbortController()
let state: FieldState = 'ready'
const served = servePage({
  ...{ listen: { host: address, port }, hosts: [address], signal: controller.signal },
  isOn: async () => true,
  render: async (language = 'en') => renderPage({ ...sampleFacts(), ...UNKNOWN[state], state, language }),
  log: createLog('page-pictures'),
})
mkdirSync(FOLDER, { recursive: true })
for (state of STATES) {
  for (const language of LANGUAGES) {
    const picture = join(FOLDER, `${state}.${language}.png`)
    const options = ['--headless', '--no-sandbox', '--disable-gpu', '--hide-scrollbars', `--window-size=${PHONE}`]
    const args = [...options, `--screenshot=${picture}`, `http://${address}:${port}/${language}`]
    await spawn('chromium', args, { timeout: 60_000 })
  }
}
controller.abort()
await served
process.stdout.write(`${STATES.length} states in ${LANGUAGES.length} languages are in ${FOLDER}: look at them\n`)
