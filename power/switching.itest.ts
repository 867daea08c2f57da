/** `oobm-power` when several ask, somebody leaves, or it is killed in the middle: nothing stays off that was to be cycled. */
import { connect } from 'node:net'
import * as assert from 'uvu/assert'
import { startOutletServer } from '../testbed/outlet-servers.ts'
import { suite, type TestContext } from '../testbed/suite.ts'
import { waitFor } from '../testbed/wait-for.ts'
import { ask, powerFiles, startPower } from './testing/start-power.ts'

const test = suite('switching')
const LIMIT = { timeoutMs: 120_000 }

/** A power strip with two outlets, `a` and `b`. */
async function strip(
  context: TestContext,
  more: { offTimeS?: number; onDelayS?: number; afterBoot?: 'on' | 'off' } = {},
) {
  const server = await startOutletServer(context, 'shelly', { channels: [0, 1] })
  const outlets = ['a', 'b'].map((name, channel) => ({
    ...{ name, kind: 'shelly' as const, address: server.address, channel, offTimeS: 5, onDelayS: 1 },
    ...more,
  }))
  const files = await powerFiles(context, outlets)
  const program = await startPower(context, files)
  return { server, files, program, said: () => server.log.map(({ what }) => what) }
}

test(
  'redundant supplies: all off, the off time, on in order with a delay',
  async context => {
    const { server, files, said } = await strip(context)
    const { result, steps, outlets } = await ask(files, 'cycle', ['b', 'a'])
    assert.equal([result, steps], ['done', ['b is off', 'a is off', 'on again in 5 s', 'b is on', 'a is on']])
    assert.equal(outlets, [
      { name: 'b', state: 'on' },
      { name: 'a', state: 'on' },
    ])
    assert.equal(said(), ['1 off', '0 off', '1 on', '0 on'])
    const [, lastOff = 0, firstOn = 0, secondOn = 0] = server.log.map(({ atMs }) => atMs)
    assert.ok(firstOn - lastOff >= 4_900, 'off time of all of them together')
    assert.ok(secondOn - firstOn >= 900, 'delay')
  },
  LIMIT,
)

test(
  'where one cannot be switched off, the target keeps its power and the others come back at once',
  async context => {
    const { server, files, said } = await strip(context)
    server.instead = (request, response) => {
      const url = request.url ?? ''
      if (url.includes('id=1') && url.includes('Set')) return void response.writeHead(503).end()
      response.setHeader('content-type', 'application/json')
      const on = /on=(\w+)/.exec(url)?.[1]
      if (on !== undefined) {
        server.state.set(0, on === 'true')
        server.log.push({ what: `0 ${on}`, atMs: performance.now() })
      }
      response.end(JSON.stringify({ output: url.includes('id=1') ? true : server.state.get(0) }))
    }
    const { result, cause, steps } = await ask(files, 'cycle', ['a', 'b'])
    assert.is(result, 'failed')
    assert.match(cause, /b answers with HTTP 503/)
    // Without the off time.
    assert.equal(steps, ['a is off', 'a is on'])
    assert.equal(said(), ['0 false', '0 true'])
  },
  LIMIT,
)

test(
  'two people at once: the second is told who, and nothing of theirs is done; then at most once in 5 s',
  async context => {
    const { files, said } = await strip(context)
    const first = ask(files, 'cycle', ['a', 'b'])
    await waitFor('the first to begin', () => said().length > 0)
    const second = await ask(files, 'off', ['a'], { by: 'bob' })
    assert.is(second.result, 'busy')
    assert.match(second.cause, /^nothing was switched: a: alice cycles it for core-sw1, since \d s/)
    assert.match(second.outlets[0]?.busy ?? '', /alice cycles it/)
    assert.is((await first).result, 'done')
    const third = await ask(files, 'off', ['b'], { by: 'bob' })
    assert.is(third.result, 'busy')
    assert.match(third.cause, /b: alice switched it \d s ago, and it is switched once in 5 s: again in \d s/)
    assert.is(said().length, 4)
  },
  LIMIT,
)

test(
  'who asked leaves in the middle of a cycle: it is finished',
  async context => {
    const { files, said } = await strip(context)
    const leaving = new AbortController()
    void ask(files, 'cycle', ['a'], { gone: leaving.signal })
    await waitFor('off', () => said().length === 1)
    leaving.abort()
    await waitFor('on', () => said().length === 2)
    assert.equal(said(), ['0 off', '0 on'])
  },
  LIMIT,
)

test(
  'killed between off and on: the next start switches on, before anybody asks',
  async context => {
    const { files, program, said } = await strip(context, { offTimeS: 60 })
    void ask(files, 'cycle', ['a', 'b'])
    await waitFor('both off', () => said().length === 2)
    program.child.kill('SIGKILL')
    await waitFor('the end', () => program.ended())
    assert.equal(said(), ['0 off', '1 off'])
    await startPower(context, files)
    await waitFor('both on', () => said().length === 4)
    assert.equal(said().slice(2).sort(), ['0 on', '1 on'])
    const status = await waitFor('nothing owed', async () => {
      const { outlets } = await ask(files, 'status', ['a', 'b'])
      return outlets.every(({ busy }) => busy === undefined) ? outlets : undefined
    })
    assert.equal(status, [
      { name: 'a', state: 'on' },
      { name: 'b', state: 'on' },
    ])
  },
  LIMIT,
)

test(
  'killed, and the outlet is away at the start: it is tried until it is on',
  async context => {
    const { server, files, program, said } = await strip(context, { offTimeS: 60 })
    void ask(files, 'cycle', ['a'])
    await waitFor('off', () => said().length === 1)
    program.child.kill('SIGKILL')
    await waitFor('the end', () => program.ended())
    server.instead = request => request.socket.destroy()
    await startPower(context, files)
    const [state] = await waitFor('the debt', async () => {
      const { outlets } = await ask(files, 'status', ['a'])
      return outlets[0]?.busy?.includes('alice') ? outlets : undefined
    })
    assert.is(state?.state, 'unknown')
    server.instead = undefined
    await waitFor('on', () => said().length === 2, { timeoutMs: 60_000 })
  },
  LIMIT,
)

test(
  'stopped in the middle of a cycle: it is switched on before the end',
  async context => {
    const { files, program, said } = await strip(context, { offTimeS: 60 })
    void ask(files, 'cycle', ['a'])
    await waitFor('off', () => said().length === 1)
    const { code } = await program.stop(10_000)
    assert.equal([code, said()], [0, ['0 off', '0 on']])
  },
  LIMIT,
)

test(
  'after a boot, and only then, outlets are as the configuration says',
  async context => {
    const { files, program, said } = await strip(context, { afterBoot: 'off' })
    await waitFor('off', () => said().length === 2)
    assert.equal([...said()].sort(), ['0 off', '1 off'])
    await program.stop()
    await startPower(context, files)
    await ask(files, 'status', ['a', 'b'])
    assert.is(said().length, 2)
  },
  LIMIT,
)

test(
  'garbage at the socket is answered, and an outlet that is none',
  async context => {
    const { files, said } = await strip(context)
    for (const text of ['GET / HTTP/1.1\r\n', '{"version":2}\n', `${'x'.repeat(200_000)}`]) {
      const answer = await new Promise<string>(resolve => {
        let all = ''
        const socket = connect({ path: files.socket })
        socket.on('error', () => {})
        socket.setEncoding('utf8').on('data', piece => {
          all += piece
        })
        socket.on('close', () => resolve(all))
        socket.write(text)
      })
      assert.match(answer, /"result":"refused","cause":"nothing was switched: this is no request/)
    }
    const none = await ask(files, 'off', ['a', 'gone'])
    assert.equal([none.result, said()], ['refused', []])
    assert.match(none.cause, /gone is not an outlet of this device now/)
  },
  LIMIT,
)

test.run()
