/** One card file for all boards of a site, through the whole system: card → board → relay → the operator's seat → a proved device. */
import { readdir } from 'node:fs/promises'
import * as assert from 'uvu/assert'
import { suite } from '../testbed/suite.ts'
import { waitFor } from '../testbed/wait-for.ts'
import { PATIENCE, startSite } from './testing/enrolment-site.ts'

const test = suite('enrolment of many')
const LIMIT = { timeoutMs: 280_000 }

test(
  'a board with the card file asks, is accepted at the seat, gets its settings, and is proved at the relay',
  async context => {
    const site = await startSite(context)
    const { operate, seat, state, startRelay, install, flash, openBoard, prepare } = site
    const opened = await operate('enrolment', 'open', 'tokyo', '--boards', '3')
    assert.match(opened, /Copy it as oobm\.toml onto the card of each new board of tokyo\./)
    await startRelay()
    const board = await flash('rack1', '10000000a1b2c3d4')
    assert.equal(await readdir(board.path('boot')), ['oobm-enrol.txt', 'oobm-imported.txt'])
    await openBoard(board)
    await board.start()
    const status = await waitFor(
      'the board to wait',
      async () => {
        const now = await board.status()
        return now?.state === 'enrolling' && /waits until/.test(now.cause) ? now : undefined
      },
      PATIENCE,
    )
    assert.ok(status.cause.includes(board.fingerprint), status.cause)
    const pending = await operate('pending', ...state)
    assert.match(pending, /^10000000a1b2c3d4 {2}of tokyo, asked \d+ s ago/)
    assert.ok(pending.includes(board.fingerprint), pending)
    await prepare('rack1')
    const accepted = await operate('accept', board.serial, 'rack1', '--fingerprint', board.fingerprint, ...state)
    assert.match(accepted, /accepted 10000000a1b2c3d4 as rack1[\s\S]*oobm-relay settings push rack1/)
    assert.match(await operate('pending', ...state), /no board waits/)
    await install()
    const pushed = await seat('settings', 'push', 'rack1', '--wait', '240s', ...state)
    assert.is(pushed.code, 0, pushed.stdout + pushed.stderr)
    assert.match(pushed.stdout, /^rack1 {2}serial 1 {2}applied/m)
    const proved = await waitFor(
      'the proof',
      async () => {
        const now = await board.status()
        return now?.device === 'rack1' && now.proof.provedAt !== null ? now : undefined
      },
      PATIENCE,
    )
    assert.is(proved.relay?.host, '127.0.0.1')
    const { device, enrolment } = await board.settings()
    assert.equal([device, enrolment], ['rack1', undefined])
    assert.equal(
      (await readdir(board.path('etc/oobm/secrets/relay'))).sort(),
      ['key'],
      'what it was accepted by is gone',
    )
  },
  LIMIT,
)

test.run()
