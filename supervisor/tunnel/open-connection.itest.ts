import { createServer } from 'node:net'
import * as assert from 'uvu/assert'
import { withDeadline } from '../../runtime/with-deadline.ts'
import { freePort } from '../../testbed/free-port.ts'
import { suite, type TestContext } from '../../tools/suite.ts'
import { openConnection } from './open-connection.ts'

const test = suite('open-connection')
const HOST_KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIDbnmHS+8Y0Pw7cRuyxH1EbU9JZRqj6bRsPyP+Xz6kx6'

/** Something on 127.0.0.1 that says this to whoever connects. */
async function serverSaying(context: TestContext, words: string | undefined): Promise<number> {
  const server = createServer(socket => {
    socket.on('error', () => {})
    context.cleanup(() => socket.destroy())
    if (words !== undefined) socket.end(words)
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  context.cleanup(() => server.close())
  return (server.address() as { port: number }).port
}

function open(port: number, ms: number) {
  const relay = { host: '127.0.0.1', port, user: 'oobm', hostKeys: [HOST_KEY] }
  return withDeadline(ms, [], signal => openConnection({ relay, credentials: { password: 'x' }, signal }))
}

const CASES: [name: string, words: string | undefined, cause: RegExp][] = [
  [
    'a captive portal',
    'HTTP/1.1 302 Found\r\nLocation: http://login.example/\r\n\r\n',
    /not an SSH server: a captive portal/,
  ],
  ['a relay at its limit, OpenSSH 9', 'Exceeded MaxStartups\r\n', /turned this connection away: too many/],
  ['a relay at its limit, OpenSSH 10', 'Not allowed at this time\r\n', /turned this connection away: too many/],
  ['somebody who hangs up', '', /closes the connection without a word/],
  ['silence', undefined, /accepts the connection and then says nothing/],
]

for (const [name, words, cause] of CASES) {
  test(`tells what it met: ${name}`, async context => {
    const opened = await open(await serverSaying(context, words), words === undefined ? 300 : 10_000)
    assert.not(opened.ok)
    assert.is(opened.ok === false && opened.failure.word, 'no-relay')
    assert.match((opened.ok === false && opened.failure.cause) || '', cause)
  })
}

test('tells a closed port, and a name that does not exist', async () => {
  const closed = await open(await freePort(), 10_000)
  assert.match((closed.ok === false && closed.failure.cause) || '', /refuses connections on port/)
})

test.run()
