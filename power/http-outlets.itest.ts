/** `oobm-power` and outlets over HTTP, which answer as their makers document it. */
import * as assert from 'uvu/assert'
import type { OutletKind } from '../formats/outlets.ts'
import { type OutletServer, startOutletServer } from '../testbed/outlet-servers.ts'
import { suite, type TestContext } from '../testbed/suite.ts'
import { ask, powerFiles, startPower } from './testing/start-power.ts'

const test = suite('outlets over HTTP')
const LIMIT = { timeoutMs: 120_000 }
const KINDS = ['shelly', 'shelly-gen1', 'tasmota'] as const

async function oneOutlet(
  context: TestContext,
  kind: (typeof KINDS)[number],
  {
    password,
    secret = password,
    channels,
    ...more
  }: {
    password?: string
    secret?: string
    channels?: number[]
    channel?: number
    self?: boolean
    offTimeS?: number
  } = {},
) {
  const server = await startOutletServer(context, kind, {
    channels: channels ?? [kind === 'tasmota' ? 1 : 0],
    ...(password !== undefined && { password }),
  })
  const files = await powerFiles(
    context,
    [{ name: 'plug', kind: kind as OutletKind, address: server.address, offTimeS: 5, ...more }],
    secret === undefined ? {} : { plug: secret },
  )
  await startPower(context, files)
  return { server, files }
}

for (const kind of KINDS) {
  test(
    `${kind}: switches a channel with its password, and believes only what the outlet says`,
    async context => {
      const channels = [1, 2]
      const { server, files } = await oneOutlet(context, kind, {
        password: 'pa&ss "w%+ö'.replace('ö', 'o'),
        channels,
        channel: 2,
      })
      assert.equal(await ask(files, 'status', ['plug']), {
        result: 'done',
        cause: '',
        outlets: [{ name: 'plug', state: 'on' }],
        steps: [],
      })
      const off = await ask(files, 'off', ['plug'])
      assert.equal([off.result, off.steps, off.outlets], ['done', ['plug is off'], [{ name: 'plug', state: 'off' }]])
      assert.equal(
        [...server.state],
        [
          [1, true],
          [2, false],
        ],
      )
      server.isStuck = true
      await untilPace()
      const on = await ask(files, 'on', ['plug'])
      assert.equal([on.result, on.cause], ['failed', 'plug: asked for on, and the outlet says off'])
    },
    LIMIT,
  )

  test(
    `${kind}: a cycle leaves it off for its time, and one that feeds this box switches itself on`,
    async context => {
      const { server, files } = await oneOutlet(context, kind)
      const cycling = ask(files, 'cycle', ['plug'])
      const self = await oneOutlet(context, kind, { self: true })
      const refused = await ask(self.files, 'off', ['plug'])
      assert.is(refused.result, 'refused')
      assert.match(refused.cause, /feeds this box or its uplink/)
      assert.equal(self.server.log, [])
      const own = await ask(self.files, 'cycle', ['plug'])
      assert.equal([own.result, own.cause], ['done', ''])
      mustBeOffFor(self.server, 5)
      const cycled = await cycling
      assert.equal(
        [cycled.result, cycled.cause, cycled.steps],
        ['done', '', ['plug is off', 'on again in 5 s', 'plug is on']],
      )
      mustBeOffFor(server, 5)
      const switching = self.server.requests.filter(
        request =>
          /turn=|Switch\.Set|POWER|Backlog|Power1(%20|\+)O/i.test(request) && !/GetStatus|cmnd=Power1$/.test(request),
      )
      assert.is(switching.length, 1, switching.join('\n'))
    },
    LIMIT,
  )
}

test(
  'says in words what is wrong with an outlet, and never that it was done',
  async context => {
    const table: [why: RegExp, make: (server: OutletServer) => void][] = [
      [
        /refuses the login: its password is the secret in outlet_secrets/,
        server => {
          server.instead = (_, response) =>
            response
              .writeHead(401, { 'www-authenticate': 'Digest qop="auth", realm="x", nonce="1", algorithm=SHA-256' })
              .end()
        },
      ],
      [
        /answers with a web page in place of JSON: is it a Shelly/,
        server => {
          server.instead = (_, response) =>
            response.writeHead(200, { 'content-type': 'text/html' }).end('<html>\u001b[2Jlogin</html>')
        },
      ],
      [
        /answers with a redirect to http:\/\/127\.0\.0\.1:1\/steal, which is not followed/,
        server => {
          server.instead = (_, response) => response.writeHead(302, { location: 'http://127.0.0.1:1/steal' }).end()
        },
      ],
      [
        /answers with more than 16384 bytes/,
        server => {
          server.instead = (_, response) => {
            response.on('error', () => {})
            response.writeHead(200)
            for (let mb = 0; mb < 10; mb++) response.write(Buffer.alloc(1_000_000, 'x'))
            response.end()
          }
        },
      ],
      [
        /answers with HTTP 500: no \?\[2J/,
        server => {
          server.instead = (_, response) =>
            response.writeHead(500, { 'content-type': 'application/json' }).end('{"message":"no \\u001b[2J"}')
        },
      ],
      [
        /does not say whether it is on/,
        server => {
          server.instead = (_, response) => response.end('{"output":"yes"}')
        },
      ],
      [
        /answers with something in place of JSON/,
        server => {
          server.instead = (_, response) => response.end('[1,2]')
        },
      ],
      [
        /does not answer: 127\.0\.0\.1:\d+: it closed the connection/,
        server => {
          server.instead = request => request.socket.destroy()
        },
      ],
      [
        /does not answer: 127\.0\.0\.1:\d+: no answer within 5 s/,
        server => {
          server.instead = () => {}
        },
      ],
    ]
    const { server, files } = await oneOutlet(context, 'shelly', { secret: 'x' })
    for (const [why, make] of table) {
      make(server)
      const status = await ask(files, 'status', ['plug'])
      assert.is(status.outlets[0]?.state, 'unknown')
      assert.match(status.outlets[0]?.cause ?? '', why)
      const cycle = await ask(files, 'cycle', ['plug'])
      assert.is(cycle.result, 'failed')
      assert.match(cycle.cause, /^nothing was switched: plug /)
      assert.match(cycle.cause, why)
    }
    assert.equal(server.log, [])
  },
  { timeoutMs: 180_000 },
)

test(
  'a wrong password is said, of each kind; what an outlet said last is shown with its age',
  async context => {
    for (const kind of KINDS) {
      const { server, files } = await oneOutlet(context, kind, { password: 'right', secret: 'wrong' })
      const off = await ask(files, 'off', ['plug'])
      assert.is(off.result, 'failed')
      assert.match(off.cause, /^plug refuses the login/)
      assert.equal(server.log, [])
    }
    const { server, files } = await oneOutlet(context, 'tasmota')
    await ask(files, 'status', ['plug'])
    server.instead = request => request.socket.destroy()
    const [state] = (await ask(files, 'status', ['plug'])).outlets
    assert.equal([state?.state, state?.last?.state], ['unknown', 'on'])
    assert.ok((state?.last?.ageS ?? 99) < 60)
  },
  LIMIT,
)

function mustBeOffFor({ log }: OutletServer, seconds: number): void {
  assert.equal(
    log.map(({ what }) => what.split(' ')[1]),
    ['off', 'on'],
  )
  const offS = ((log[1]?.atMs ?? 0) - (log[0]?.atMs ?? 0)) / 1000
  // A busy machine may make it longer.
  assert.ok(offS >= seconds - 0.1, `off for ${offS} s`)
}

/** An outlet is switched once in 5 s. */
function untilPace(): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, 5_100))
}

test.run()
