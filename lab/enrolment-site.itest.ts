/** Ten boards from one card file: accepted, rejected, and one too many. */
import * as assert from 'uvu/assert'
import { suite } from '../testbed/suite.ts'
import { startSite } from './testing/enrolment-site.ts'

const test = suite('a site of ten boards')
const LIMIT = { timeoutMs: 280_000 }
const AT_ONCE = 5

test(
  'ten boards of one card file: each is what the operator says, and nobody else gets in',
  async context => {
    const site = await startSite(context)
    const { operate, seat, state, startRelay, install, flash, sshAs } = site
    await operate('enrolment', 'open', 'tokyo', '--boards', '10', '--until', '2099-01-31')
    await startRelay()
    const serials = Array.from({ length: 10 }, (_, index) => `10000000000000a${index}`)
    const boards = []
    for (let from = 0; from < serials.length; from += AT_ONCE)
      boards.push(...(await Promise.all(serials.slice(from, from + AT_ONCE).map(one => flash(`board-${one}`, one)))))
    const [a, b] = boards as [(typeof boards)[number], (typeof boards)[number]]
    assert.is(new Set(boards.map(({ fingerprint }) => fingerprint)).size, 10, 'each has keys of its own')
    for (const board of boards) assert.is((await board.ask()).stdout, 'waiting\n', board.serial)
    assert.is((await a.ask()).stdout, 'waiting\n', 'asking again is no other board')
    const pending = await operate('pending', ...state)
    for (const { serial, fingerprint } of boards) {
      assert.match(pending, new RegExp(`^${serial} {2}of tokyo`, 'm'))
      assert.ok(pending.includes(fingerprint))
    }

    // Accepted, twice; the name is taken then.
    const accept = (serial: string, name: string, ...more: string[]) => seat('accept', serial, name, ...more, ...state)
    const wrong = await accept(a.serial, 'rack-a', '--fingerprint', b.fingerprint)
    assert.is(wrong.code, 1)
    assert.match(wrong.stderr, /no request of 10000000000000a0 has this fingerprint[\s\S]*accept nothing/)
    assert.is((await accept(a.serial, 'rack-a')).code, 1, 'nobody has compared it')
    assert.is((await accept(a.serial, 'rack-a', '--fingerprint', a.fingerprint)).code, 0)
    assert.is((await accept(a.serial, 'rack-a', '--fingerprint', a.fingerprint)).code, 0, 'once more')
    assert.match(
      (await accept(a.serial, 'other', '--fingerprint', a.fingerprint)).stderr,
      /is the device rack-a already/,
    )
    assert.match((await accept(b.serial, 'rack-a', '--fingerprint', b.fingerprint)).stderr, /rack-a is another board/)
    await install()
    assert.is((await a.ask()).stdout, 'accepted\n')
    assert.is((await b.ask()).stdout, 'waiting\n')
    const own = await sshAs(a.path('etc/oobm/secrets/relay/key'), [], 'nonsense')
    assert.match(own.stderr, /rack-a: the commands are/, 'its own key is the device')

    // Rejected, and come again.
    await operate('reject', b.serial, ...state)
    assert.is((await b.ask()).stdout, 'rejected\n')
    assert.not.match(await operate('pending', ...state), b.serial)
    assert.match(await operate('pending', '--all', ...state), new RegExp(`^${b.serial} .*, rejected$`, 'm'))

    // An eleventh board.
    const more = await flash('board-11', '1000000000000b00')
    assert.is((await more.ask()).stdout, 'full\n')
  },
  LIMIT,
)

test.run()
