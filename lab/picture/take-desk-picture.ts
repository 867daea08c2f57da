/** `make desk-picture`: the desk in a real browser, at a lab of which one line is cut; for the README. */
import { join } from 'node:path'
import { openTerminal } from '../../console-bridge/testing/bridge-fixture.ts'
import { runProgram } from '../../testbed/run-program.ts'
import { withUndo } from '../../testbed/undo.ts'
import { startBuiltLab } from '../testing/built-lab.ts'
import { openDesk, operatorArgs } from '../testing/desk-in-lab.ts'

const PICTURE = join(import.meta.dirname, '../../docs/pictures/desk.png')
const SIZE = { width: 1160, height: 350 }
/** Milliseconds until the relay says what is broken. */
const SEEN_MS = 90_000

await withUndo(async context => {
  const lab = await startBuiltLab(context)
  const { page } = await openDesk(context, operatorArgs(lab), { viewport: SIZE, colorScheme: 'light' })
  const alice = openTerminal(context, 'ssh', ['-F', join(lab.directory, 'ssh_config'), '-tt', 'console'])
  await alice.says(/for help\]/, SEEN_MS)
  await page.locator('li.device', { hasText: 'kobe-rack1' }).getByText('ready').waitFor()
  await page.locator('li.device', { hasText: 'tokyo-rack1' }).getByText('alice (types)').waitFor()
  await runProgram(join(lab.directory, 'break'), ['line', 'osaka-rack1'])
  await page
    .locator('li.device', { hasText: 'osaka-rack1' })
    .getByText(/silent|away/)
    .first()
    .waitFor({ timeout: SEEN_MS })
  await page.screenshot({ path: PICTURE })
})
