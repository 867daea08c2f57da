/** The page of a device in the desk: outages, round trips, settings, and what the device answers itself, in a real browser and lab. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { hasChromium } from '../testbed/browser.ts'
import { programArgs } from '../testbed/programs.ts'
import { runProgram } from '../testbed/run-program.ts'
import { suite } from '../testbed/suite.ts'
import { waitFor } from '../testbed/wait-for.ts'
import { CONSOLE, DEVICE } from './lab-fleet.ts'
import { startBuiltLab } from './testing/built-lab.ts'
import { openDesk, operatorArgs, SLOW_MS, technicianArgs } from './testing/desk-in-lab.ts'

const test = suite('page of a device in the desk')
const LIMIT = { timeoutMs: 500_000 }

if (!hasChromium()) test.skip('the page of a device', 'the package chromium is not installed')
else {
  test(
    'an operator sees when a device was lost and proved again, its round trip, its settings, and its doctor',
    async context => {
      const lab = await startBuiltLab(context)
      const { page, complaints } = await openDesk(context, operatorArgs(lab))
      await page.getByRole('link', { name: DEVICE, exact: true }).click()
      await page.locator('.big', { hasText: 'ready' }).waitFor()
      await page.getByText('nothing was pushed to it').waitFor()
      const trend = join(lab.state, 'state', DEVICE)
      context.onFailure(
        async () =>
          `the relay keeps:\n${await readFile(join(trend, 'trend'), 'utf8')}${await readFile(join(trend, 'report.json'), 'utf8')}`,
      )
      // A report comes when somebody comes or goes, and by then there was a round trip.
      const path = page.locator('svg path')
      await waitFor(
        'a round trip',
        async () => {
          await page.evaluate(`location.hash = '#/console/${CONSOLE}'`)
          await page.locator('.status', { hasText: /^connected$/ }).waitFor()
          await page.getByRole('button', { name: `Close ${CONSOLE}` }).click()
          await page.evaluate(`location.hash = '#/device/${DEVICE}'`)
          return path.waitFor({ state: 'attached', timeout: 15_000 }).then(
            () => true,
            () => false,
          )
        },
        { timeoutMs: SLOW_MS * 2 },
      )

      // The relay's end of the tunnel is lost: the device heals it.
      // Other labs on this machine have a device of this name.
      const ofThisLab = `oobm-device-command ${DEVICE} ${lab.directory}/.* channel `
      const { stdout } = await runProgram('pgrep', ['-f', ofThisLab])
      const [channel] = stdout.split('\n').filter(Boolean).map(Number)
      assert.ok(channel)
      const parent = Number((await runProgram('ps', ['-o', 'ppid=', '-p', `${channel}`])).stdout)
      process.kill(parent, 'SIGKILL')
      const outage = page.getByRole('region', { name: 'Out of reach' }).locator('tbody tr').first()
      await outage.getByText(/^\d+ (s|min)$/).waitFor({ timeout: SLOW_MS * 2 })
      await page.getByText(/\(median\), \d+ (s|min) \(longest\)/).waitFor()
      assert.is(await page.locator('svg rect.out').count(), 1)
      await page.getByText('Round trips as a table').click()
      await page
        .getByRole('region', { name: 'round trip' })
        .getByText(/^\d+ ms$/)
        .first()
        .waitFor()

      const settings = await runProgram(process.execPath, [
        ...programArgs('relay-config/main.ts'),
        ...[
          'settings',
          'push',
          '--fleet',
          join(lab.directory, 'fleet.toml'),
          '--state',
          join(lab.directory, 'relay/oobm'),
        ],
        DEVICE,
      ])
      assert.is(settings.code, 0, settings.stdout + settings.stderr)
      await waitFor(
        'the settings to be applied',
        async () => {
          await page.evaluate(`location.hash = '#/'`)
          await page.evaluate(`location.hash = '#/device/${DEVICE}'`)
          return page
            .getByText(/^applied$/)
            .waitFor({ timeout: 10_000 })
            .then(
              () => true,
              () => false,
            )
        },
        { timeoutMs: SLOW_MS * 2 },
      )
      await page.getByText(/^serial number \d+$/).waitFor()

      await page.getByRole('button', { name: 'Doctor' }).click()
      await page.locator('pre', { hasText: /console bridge host key[\s\S]*(all well|WRONG)/ }).waitFor()
      await page.getByText(`ssh ${DEVICE} oobm doctor`).waitFor()
      await page.getByRole('button', { name: 'Upgrades there' }).click()
      await page.getByText(/^exit code \d+/).waitFor()
      assert.equal(complaints, [])
    },
    LIMIT,
  )

  test(
    'a technician asks the device’s doctor, and sees no history',
    async context => {
      const lab = await startBuiltLab(context)
      const { page, complaints } = await openDesk(context, technicianArgs(lab))
      await page.getByRole('link', { name: DEVICE, exact: true }).click()
      await page.getByText('The history is shown where the fleet file is.').waitFor()
      assert.not(await page.getByRole('heading', { name: 'Settings from afar' }).isVisible())
      await page.getByRole('button', { name: 'Doctor' }).click()
      await page.locator('pre', { hasText: /console bridge host key[\s\S]*(all well|WRONG)/ }).waitFor()
      assert.equal(complaints, [])
    },
    LIMIT,
  )
}

test.run()
