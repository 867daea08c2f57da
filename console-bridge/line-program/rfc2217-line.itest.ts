/** A console on `rfc2217://`: ser2net and pySerial as the server, each with a real pty; the real bridge and OpenSSH client. */
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { freePort } from '../../testbed/free-port.ts'
import { ptyTarget } from '../../testbed/pty-target.ts'
import { runProgram, startProgram } from '../../testbed/run-program.ts'
import { scratchDirectory } from '../../testbed/scratch.ts'
import { suite, type TestContext } from '../../testbed/suite.ts'
import { waitFor } from '../../testbed/wait-for.ts'
import { bridgeOnLine, startSer2net } from '../testing/line-program.ts'

const test = suite('rfc2217 line')

async function speedOf(path: string): Promise<string> {
  return (await runProgram('stty', ['-F', path, 'speed'])).stdout.trim()
}

async function onSer2net(context: TestContext, console = {}, isTraced = true) {
  const directory = await scratchDirectory(context)
  const target = await ptyTarget(context, directory)
  const trace = join(directory, 'trace')
  const under = ['strace', '-D', '-f', '-o', trace, '-e', 'trace=ioctl']
  const { port, ser2net } = await startSer2net(context, {
    accepter: 'telnet(rfc2217=true)',
    device: target.path,
    under: isTraced ? under : [],
  })
  const bridge = await bridgeOnLine(context, `rfc2217://127.0.0.1:${port}`, { console })
  return { ...bridge, target, port, ser2net, ioctls: () => readFile(trace, 'utf8') }
}

test('ser2net: sets the speed at the opening and on the fly, and sends BREAK to the wire', async context => {
  const { untilOpen, attach, run, target, ioctls } = await onSer2net(context, { baudRate: 19_200 })
  await untilOpen()
  assert.is(await speedOf(target.path), '19200')
  const alice = await attach('alice')
  assert.match(alice.output(), /on rfc2217:\/\/127\.0\.0\.1:\d+, 19200 8N1\]/)
  alice.types('show clock\r')
  await target.hears(/^show clock\r$/)
  target.says('Router# ')
  await alice.says(/Router# /)
  const set = await run('set', 'speed', '115200')
  assert.is(set.code, 0, set.stderr)
  assert.is(await speedOf(target.path), '115200')
  const parity = await run('set', '7e1')
  assert.is(parity.code, 0, parity.stderr)
  // A pty keeps neither: what was asked of it shows.
  await waitFor('seven bits and parity', async () => /CS7[^}]*PARENB(?!\|PARODD)/.test(await ioctls()))
  const sent = await run('break')
  assert.is(sent.code, 0, sent.stderr)
  await waitFor('BREAK begins and ends', async () => /TIOCSBRK[\s\S]*TIOCCBRK/.test(await ioctls()))
})

test('ser2net: a server that ends is seen, and the line opens again with the settings that are in force', async context => {
  const { untilOpen, untilClosed, run, target, port, ser2net } = await onSer2net(context, {}, false)
  await untilOpen()
  assert.is((await run('set', '--keep', 'speed', '57600')).code, 0)
  await ser2net.stop()
  await untilClosed(/the server closed the connection|refused/)
  await startSer2net(context, { accepter: 'telnet(rfc2217=true)', device: target.path, port })
  await untilOpen()
  assert.is(await speedOf(target.path), '57600')
})

test('pySerial: speed, BREAK and data, IAC among them', async context => {
  const directory = await scratchDirectory(context)
  const target = await ptyTarget(context, directory)
  const port = await freePort()
  const trace = join(directory, 'trace')
  const script = join(import.meta.dirname, '../testing/rfc2217-server.py')
  const server = startProgram('strace', [
    ...[
      '-D',
      '-f',
      '-o',
      trace,
      '-e',
      'trace=ioctl',
      '/usr/bin/python3',
      '-W',
      'ignore',
      script,
      target.path,
      String(port),
    ],
  ])
  context.cleanup(() => server.stop())
  context.onFailure(() => `pySerial:\n${server.output()}`)
  await server.says(/listening/)
  const { untilOpen, attach, run } = await bridgeOnLine(context, `rfc2217://127.0.0.1:${port}`, {
    console: { baudRate: 38_400 },
  })
  await untilOpen()
  assert.is(await speedOf(target.path), '38400')
  const alice = await attach('alice')
  alice.types('a\u00ffz\r')
  await target.hears(/^a\u00c3?\u00bf?.*z\r$/s)
  target.says('Router# ')
  await alice.says(/Router# /)
  const sent = await run('break')
  assert.is(sent.code, 0, sent.stderr)
  await waitFor('BREAK', async () => /TIOCSBRK[\s\S]*TIOCCBRK/.test(await readFile(trace, 'utf8')))
})

test('a server without RFC 2217 is named, with what to use instead', async context => {
  const target = await ptyTarget(context, await scratchDirectory(context))
  const { port } = await startSer2net(context, { accepter: 'telnet', device: target.path })
  const { untilClosed } = await bridgeOnLine(context, `rfc2217://127.0.0.1:${port}`)
  await untilClosed(/^127\.0\.0\.1 port \d+ does not speak RFC 2217: use telnet:\/\//)
  const silent = createServer(socket => socket.on('error', () => {}))
  const other = await freePort()
  await once(silent.listen(other, '127.0.0.1'), 'listening')
  context.cleanup(() => silent.close())
  const second = await bridgeOnLine(context, `rfc2217://127.0.0.1:${other}`)
  await second.untilClosed(/does not speak RFC 2217/)
})

test.run()
