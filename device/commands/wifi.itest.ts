/** `oobm wifi` as it is built, with a real wpa_supplicant that is in a network (a cable: there is no radio), and on a terminal. */
import * as assert from 'uvu/assert'
import type { SiteInput } from '../../formats/site-config.ts'
import { readToml } from '../../formats/toml-file.ts'
import { startProgram } from '../../testbed/run-program.ts'
import { suite } from '../../testbed/suite.ts'
import { waitFor } from '../../testbed/wait-for.ts'
import { install } from '../import/install.ts'
import { whileLocked } from '../import/lock.ts'
import { readTrial } from '../import/stored.ts'
import { wholeFrom } from '../import/take-over.ts'
import { renderWifi } from '../provision/render-wpa.ts'
import { assertPrinted } from '../testing/printed.ts'
import { MISSING, startWpa } from '../wifi/testing/running-wpa.ts'
import { stored, TWO, wifiDevice } from '../wifi/testing/wifi-device.ts'

const test = suite('oobm wifi')
const SLOW = { timeoutMs: 240_000 }

if (MISSING === undefined) {
  test(
    'in a network: one is added beside it without leaving it; what would leave it is on trial',
    async context => {
      const { root, directory, env, command, oobm, site, config, asked, record } = await wifiDevice(context, TWO)
      const rendered = renderWifi(wholeFrom(await stored(root)).provisioning.site, directory).config
      const wpa = await startWpa(context, directory, rendered, true)
      const list = async () => (await oobm([])).stdout
      assert.match(await list(), /^wlan0 is in "Office": NONE$/m)
      assert.match(await list(), /^ {2}1 +"Office" +open +oobm\.toml +connected$/m)
      await assertPrinted('wifi', (await oobm(['--json'])).stdout)

      const added = await oobm(['add', 'New', '--passphrase-file', '-'], 'a new passphrase\n')
      assert.is(added.code, 0, added.stderr)
      assert.is((await oobm(['remove', 'Lab'])).code, 0)
      assert.match(await list(), /^ {2}2 +"New" +WPA2\/WPA3 +by hand$/m)
      assert.is(wpa.output().match(/CTRL-EVENT-CONNECTED/g)?.length, 1, 'it never left')
      assert.not.match(wpa.output(), /DISCONNECTED/)
      assert.is(await asked(), '')
      assert.match(await config(), Buffer.from('New').toString('hex'))

      // Nobody can be asked.
      const before = await site()
      const refused = await oobm(['prefer', 'New'])
      assert.is(refused.code, 64)
      assert.match(refused.stdout, /The device leaves "Office" for "New"\. Sessions through it may end/)
      assert.match(refused.stderr, /--yes says that sessions may be cut off/)
      assert.equal([await site(), await readTrial(root)], [before, undefined])

      // The question on a terminal, and no.
      const line = [process.execPath, ...command('remove', 'Office')].join(' ')
      const asking = startProgram('script', ['-qefc', `exec ${line}`, '/dev/null'], { env })
      context.cleanup(() => asking.stop())
      await asking.says(/leaves "Office" for "New"[\s\S]*Go on\? \[y\/N\]: /, 60_000)
      asking.child.stdin?.write('\r')
      await waitFor('it to end', () => asking.ended(), { timeoutMs: 60_000 })
      assert.match(asking.output(), /nothing was changed/)
      assert.is(await readTrial(root), undefined)

      for (const [result, code, said] of [
        ['undone', 1, /undone: .*: no proof within 10 min: no-relay, why/],
        ['confirmed', 0, /confirmed: a technician’s way in was proved/],
      ] as const) {
        const preferring = oobm(['prefer', 'New', '--yes'])
        const trial = await waitFor('the trial', () => readTrial(root), { timeoutMs: 60_000 })
        assert.equal([trial.phase, trial.byHand, trial.starts], ['waiting', 'wifi prefer "New"', 0])
        const order = (text: string) =>
          (readToml('trial', text) as SiteInput).wifi?.map(({ ssid, priority }) => `${ssid} ${priority}`)
        assert.equal(
          [order(trial.old), order(trial.next)],
          [
            ['Office 6', 'New 0'],
            ['Office 6', 'New 7'],
          ],
        )
        // Nothing of it is installed: that is for oobm-apply.
        assert.equal(await site(), before)
        await whileLocked(root, () => install(trial.old, root))
        const detail = result === 'undone' ? 'no proof within 10 min: no-relay, why' : ''
        const outcome = { id: 1, at: 1, serial: null, byHand: trial.byHand, digest: trial.digest, result, detail }
        await record({ outcomes: [outcome] })
        const answer = await preferring
        assert.is(answer.code, code, answer.stdout + answer.stderr)
        assert.match(answer.stdout, said)
        await assertPrinted('wifi', (await oobm(['--json'])).stdout)
        assert.match(await list(), new RegExp(`^Last change on trial: wifi prefer "New", .*: ${result}`, 'm'))
      }
      const scan = await oobm(['scan'])
      assert.is(scan.code, 69)
      assert.match(scan.stderr, /the radio of wlan0 does not scan/)
    },
    SLOW,
  )

  test(
    'asks for the passphrase twice on a terminal, and shows nothing of it',
    async context => {
      const { env, command, site } = await wifiDevice(context, TWO)
      const terminal = async (...lines: string[]) => {
        const line = [process.execPath, ...command('add', 'New')].join(' ')
        const program = startProgram('script', ['-qefc', `exec ${line}`, '/dev/null'], { env })
        context.cleanup(() => program.stop())
        for (const [index, text] of lines.entries()) {
          await program.says(index === 0 ? /Passphrase of "New": $/ : /The same again: $/, 60_000)
          program.child.stdin?.write(text)
        }
        await waitFor('it to end', () => program.ended(), { timeoutMs: 60_000 })
        return program.output()
      }
      assert.match(
        await terminal('a long secret\r', 'a long secrets\r'),
        /the two are not the same: nothing was changed/,
      )
      assert.match(await terminal('half\x03'), /cancelled; nothing was changed/)
      const output = await terminal('a long secrett\x7f\r', 'a long secret\r')
      assert.match(output, /The device takes "New" when no other is in reach/)
      assert.not.match(output, /secret/)
      assert.is((await site()).wifi?.find(({ ssid }) => ssid === 'New')?.passphrase, 'a long secret')
    },
    SLOW,
  )
} else test.skip('in a network: one is added beside it without leaving it', MISSING)

test.run()
