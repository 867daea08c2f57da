/** A card file that is stolen: what its key may do, what it may not, and what is left of it when its last day is over. */
import { readdir, readFile, writeFile } from 'node:fs/promises'
import * as assert from 'uvu/assert'
import { formatRequest } from '../formats/enrolment.ts'
import { suite } from '../testbed/suite.ts'
import { startSite } from './testing/enrolment-site.ts'

const test = suite('a stolen card')
const LIMIT = { timeoutMs: 280_000 }

test(
  'a stolen card asks to be accepted, and can do nothing else; a year later not even that',
  async context => {
    const site = await startSite(context)
    const { operate, seat, state, startRelay, install, flash, sshAs, at, relayPort } = site
    await operate('enrolment', 'open', 'tokyo', '--boards', '2', '--until', '2099-01-31')
    await startRelay()
    const board = await flash('board', 'a1')
    assert.is((await board.ask()).stdout, 'waiting\n')
    for (const command of [
      '',
      'sh',
      'enrol x',
      'claim 0123456789abcdef0123456789abcdef',
      'settings',
      'cat /etc/passwd',
    ]) {
      const { code, stdout } = await sshAs(board.keyFile, [], command === '' ? undefined : command)
      assert.equal([code, stdout], [64, ''], command)
    }
    const forward = ['-o', 'ExitOnForwardFailure=yes', '-N']
    for (const options of [
      ['-R', '127.0.0.1:0:127.0.0.1:22'],
      ['-R', `${at('socket')}:127.0.0.1:22`],
    ])
      assert.is((await sshAs(board.keyFile, [...forward, ...options], undefined)).code, 255, options.join(' '))
    const open = await sshAs(board.keyFile, ['-W', `127.0.0.1:${relayPort}`], undefined)
    assert.equal([open.code, open.stdout], [255, ''], 'it reaches no port of the relay')

    const request = await board.request()
    const good = formatRequest(request, board.siteSecret)
    for (const [name, text] of [
      ['1 MB', `${good}${'x'.repeat(1_000_000)}`],
      ['control characters', good.replace('"product":"', '"product":"\x1b[2J')],
      ['nothing', ''],
      ['no HMAC', good.slice(65)],
      ['another key type', good.replaceAll('ssh-ed25519', 'ssh-rsa')],
      ['a command in the key', good.replace(/AAAA[^"]{20}/, '$(touch /tmp/x)`id`')],
    ] as const) {
      const { code, stdout } = await board.ask(text)
      assert.equal([code, stdout], [64, ''], name)
    }
    const folder = at('relay/oobm/enrolments/tokyo')
    const kept = (await readdir(folder)).filter(name => /request|new/.test(name))
    assert.is(kept.length, 1, 'only the good one is kept')
    // Escape sequences as JSON has them reach no terminal.
    const loud = { ...request, adapters: [{ usb: '1', product: '\x1b[2Jgone', serial: '' }] }
    assert.is((await board.ask(formatRequest(loud, board.siteSecret))).stdout, 'waiting\n')
    assert.not.match(await operate('pending', ...state), '\x1b')

    // The last day is over: sshd refuses the key, and the seat the board, whatever a relay's clock says.
    const fleet = await readFile(at('fleet.toml'), 'utf8')
    await writeFile(at('fleet.toml'), fleet.replace('2099-01-31', '2020-01-31'))
    await install()
    const late = await board.ask()
    assert.is(late.code, 255)
    assert.match(late.stderr, /Permission denied/)
    const refused = await seat('accept', 'a1', 'rack', '--fingerprint', board.fingerprint, ...state)
    assert.is(refused.code, 1)
    assert.match(refused.stderr, /the last day was 2020-01-31; change "until"/)
    assert.match(await operate('enrolment', 'list'), /^tokyo +2 +0 +2020-01-31 \(over\)$/m)
  },
  LIMIT,
)

test.run()
