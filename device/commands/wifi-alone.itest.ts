/** `oobm wifi` on a device that is in no network: what it does at once, and what it refuses, in which words and with which exit code. */
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { runProgram } from '../../testbed/run-program.ts'
import { suite } from '../../testbed/suite.ts'
import { install } from '../import/install.ts'
import { wholeFrom } from '../import/take-over.ts'
import { assertPrinted } from '../testing/printed.ts'
import { stored, TWO, wifiDevice } from '../wifi/testing/wifi-device.ts'

const test = suite('oobm wifi without a connection')
const SLOW = { timeoutMs: 240_000 }

test(
  'adds, prefers and removes at once, and lists what came from where',
  async context => {
    const { oobm, site, config, asked } = await wifiDevice(context, {})
    const first = await oobm(['add', 'Office', '--passphrase-file', '-'], 'correct horse\n')
    assert.is(first.code, 64, 'the country is not known')
    assert.match(first.stderr, /give --country, such as JP/)
    const args = ['--passphrase-file', '-', '--country', 'JP']
    const added = await oobm(['add', 'Office', ...args], 'correct horse\nand more')
    assert.is(added.code, 0, added.stderr)
    assert.is(added.stdout, 'The device takes "Office".\n')
    assert.match(await config(), /^country=JP$/m)
    assert.is(
      (await oobm(['add', 'B\u00fcro', '--open'])).stdout,
      'The device takes "B\u00fcro" when no other is in reach.\n',
    )
    assert.is((await oobm(['prefer', 'B\u00fcro'])).stdout, 'The device takes "B\u00fcro" before all others.\n')
    assert.is((await oobm(['prefer', 'B\u00fcro'])).stdout, 'It is so already: nothing was changed.\n')
    const again = await oobm(['add', 'Office', '--passphrase-file', '-'], 'next week it is this\n')
    assert.match(again.stdout, /^The device tries the new passphrase of "Office" when the present one is refused\.$/m)
    const list = (await oobm(['list'])).stdout
    assert.match(list, /^wlan0 is in no network$/m)
    assert.match(list, /^ {2}1 +"B\u00fcro" +open +by hand$/m)
    assert.match(list, /^ {2}2 +"Office" +WPA2\/WPA3 +by hand +a next passphrase is ready$/m)
    const printed = [(await oobm(['--json'])).stdout, (await oobm(['list', '--json'])).stdout]
    for (const [index, command] of ['wifi', 'wifi list'].entries()) await assertPrinted(command, printed[index] ?? '')
    assert.not.match(list + printed.join(''), /correct horse|next week/)
    assert.match(await config(), /id_str=6e657874/)
    assert.is((await oobm(['remove', 'Office'])).code, 0)
    assert.is((await oobm(['remove', 'B\u00fcro'])).code, 0)
    assert.equal((await site()).wifi, [])
    assert.is(await config(), '')
    assert.match(await asked(), /^(restart oobm-wpa@wlan0\.service\n){4}restart .*\nstop oobm-wpa@wlan0\.service\n$/)
  },
  SLOW,
)

test(
  'says what is wrong, changes nothing, and repeats no passphrase',
  async context => {
    const { root, directory, oobm, site, env } = await wifiDevice(context, TWO)
    const before = await site()
    const rows: [args: string[], input: string, code: number, said: RegExp][] = [
      [['add', 'New'], '', 64, /no terminal to ask for the passphrase: give --passphrase-file, or --open/],
      [
        ['add', 'New', '--passphrase-file', '-'],
        'short\n',
        1,
        /the passphrase must be 8 to 63 plain characters.*it has 5/,
      ],
      [['add', 'New', '--passphrase-file', '/nowhere'], '', 1, /\/nowhere cannot be read/],
      [['add', 'x'.repeat(33), '--open'], '', 64, /the name of the network must be 1 to 32 bytes/],
      [
        ['add', 'Office', '--passphrase-file', '-'],
        'correct horse\n',
        1,
        /only a passphrase can be added to a network that has one/,
      ],
      [['add', 'Lab', '--passphrase-file', '-'], 'of the lab\n', 1, /has this passphrase already/],
      [['add', 'Lab', '--hidden', '--open'], '', 64, /"Lab" is there already: only a passphrase/],
      [['add', 'New', '--open', '--passphrase-file', '-'], '', 64, /exclude each other/],
      [['remove', 'lab'], '', 1, /"lab" is none of the networks that the device knows; did you mean "Lab"\?/],
      [['prefer', 'a\x1b[2J'], '', 1, /^"a\\x1b\[2J" is none/],
    ]
    for (const [args, input, code, said] of rows) {
      const answer = await oobm(args, input)
      assert.is(answer.code, code, `${args.join(' ')}: ${answer.stderr}`)
      assert.match(answer.stderr.replace(/^oobm: /, ''), said)
      assert.not.match(answer.stdout + answer.stderr, /correct horse|of the lab/)
    }
    assert.equal(await site(), before)
    await mkdir(join(directory, 'facts'))
    await writeFile(join(directory, 'facts/trial'), '3')
    const upgrading = await oobm(['add', 'New', '--open'])
    assert.is(upgrading.code, 69)
    assert.match(upgrading.stderr, /a system upgrade is on trial, .*: nothing was changed\. Try again in 15 minutes/)
    assert.equal(await site(), before)
    await rm(join(directory, 'facts/trial'))
    const trial = { serial: 0, digest: 'a', phase: 'waiting' as const, since: 1, starts: 0 }
    const text = wholeFrom(await stored(root)).text
    await install(text, root, { ...trial, old: text, next: text })
    const busy = await oobm(['add', 'New', '--open'])
    assert.is(busy.code, 69)
    assert.match(busy.stderr, /other settings are on trial, or wait for it: nothing was changed/)
    const none = await runProgram(process.execPath, ['build/lib/oobm.cjs', 'wifi', 'scan'], {
      env: { ...env, OOBM_SYSFS: '/nowhere' },
    })
    assert.is(none.code, 69)
    assert.match(none.stderr, /this board has no Wi-Fi/)
  },
  SLOW,
)

test.run()
