import * as assert from 'uvu/assert'
import { EXIT, UserError } from '../../../runtime/errors.ts'
import { suite } from '../../../testbed/suite.ts'
import { quickClock } from '../../testing/quick-clock.ts'
import { Follower, type Stream } from './follow-relay.ts'

const test = suite('follow a relay')

const view = (device: string, state = 'ready') => {
  return { device, state, connected: true, pace: { pingMs: 15_000, reportMs: 300_000 }, off: false }
}
const line = (devices: string[], gone: string[] = []) =>
  `${JSON.stringify({ v: 1, views: devices.map(name => view(name)), gone })}\n`

/** Follows while each of these has its turn; then the last one again. */
async function follow(streams: ((give: Parameters<Stream>[0]) => Promise<number>)[], untilMs: number) {
  const { clock, over } = quickClock(untilMs)
  const calls: boolean[] = []
  const stream: Stream = async give => {
    calls.push(give.isBackground)
    return (streams[calls.length - 1] ?? streams.at(-1))?.(give) ?? EXIT.failed
  }
  const follower = new Follower({ name: 'lon', stream, clock })
  let firsts = 0
  await follower.run(true, over.signal, () => firsts++)
  return { follower, calls, firsts }
}

test('knows what each line adds, however it is cut, and forgets what is gone', async () => {
  const text = line(['a', 'b']) + line([]) + line(['c'], ['a'])
  for (const size of [1, 7, 1_000]) {
    const { follower } = await follow(
      [
        async ({ onText }) => {
          for (let at = 0; at < text.length; at += size) onText(text.slice(at, at + size))
          return EXIT.unavailable
        },
        async () => EXIT.unavailable,
      ],
      100,
    )
    assert.equal([...follower.views.keys()], ['b', 'c'])
    assert.ok(follower.heardAtMs)
  }
})

test('may ask a person at the first attempt alone, waits longer each time, and says what ssh said', async () => {
  const { follower, calls, firsts } = await follow(
    [
      async ({ onComplaint }) => {
        onComplaint('debug\r\nPermission denied (publickey).\r\n')
        throw new UserError('cannot reach relay lon', EXIT.unavailable)
      },
    ],
    30_000,
  )
  assert.equal(calls, [false, true, true])
  assert.ok(firsts >= 1)
  assert.is(follower.problem, 'Permission denied (publickey).')
})

test('a relay that is older, or sends nonsense, is named and not believed', async () => {
  const older = await follow([async () => EXIT.usage], 10)
  assert.match(older.follower.problem ?? '', /older and cannot be followed: upgrade it/)
  for (const nonsense of [
    'hello\n',
    '{"v":2,"views":[],"gone":[]}\n',
    '{"v":1,"views":[{"device":"\\u001b"}],"gone":[]}\n',
  ]) {
    const { follower } = await follow(
      [
        async ({ onText }) => {
          onText(nonsense)
          return EXIT.ok
        },
      ],
      10,
    )
    assert.match(follower.problem ?? '', /does not know/)
    assert.is(follower.views.size, 0)
  }
})

test.run()
