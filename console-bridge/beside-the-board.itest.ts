/** Consoles at a local address, for those beside the board: the real systemd-socket-proxyd, as oobm-console@.service starts it. */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { freePort } from '../testbed/free-port.ts'
import { startProgram } from '../testbed/run-program.ts'
import { suite, type TestContext } from '../testbed/suite.ts'
import { waitFor } from '../testbed/wait-for.ts'
import { bridgeFiles, runCommand, startBridge } from './testing/bridge-fixture.ts'
import { NOT_THERE, raw } from './testing/raw-client.ts'

const all = suite('consoles beside the board')
const UNIT = join(import.meta.dirname, '../packaging/device/files/usr/lib/systemd/system/oobm-console@.service')
const LIMIT = { timeoutMs: 120_000 }

async function startBeside(context: TestContext) {
  const files = await bridgeFiles(context, [NOT_THERE])
  const bridge = await startBridge(context, files)
  const start = /\nExecStart=(.*)\n/.exec(await readFile(UNIT, 'utf8'))?.[1] ?? ''
  // biome-ignore lint/suspicious/noTemplateCurlyInString: of systemd
  const command = start.replace('${PORT}', String(files.port)).split(' ')
  const port = await freePort()
  const proxy = startProgram('systemd-socket-activate', [`--listen=127.0.0.1:${port}`, ...command])
  context.cleanup(() => proxy.stop())
  context.onFailure(proxy.output)
  await proxy.says(/Listening on/)
  await writeFile(join(files.directory, 'hosts'), `[127.0.0.1]:${port} ${files.hostKey.publicKey}\n`, { flag: 'a' })
  return { files, bridge, beside: { ...files, port } }
}

all(
  'a console’s key leads in there, with its own rights, and no other key does',
  async context => {
    const { bridge, beside } = await startBeside(context)
    const list = await runCommand(beside, 'alice', 'core-sw1', 'list')
    assert.is(list.code, 0, list.stderr)
    assert.match(list.stdout, /core-sw1/)
    const typed = await runCommand(beside, 'olga', 'core-sw1', 'break')
    assert.is.not(typed.code, 0, 'an observer')
    assert.match((await runCommand(beside, 'mallory', 'core-sw1', 'list')).stderr, /Permission denied/)
    assert.match(bridge.output(), /"technician":"alice"/)
  },
  LIMIT,
)

all(
  'whoever fills the places there takes none from those who come by the tunnel',
  async context => {
    const { files, beside } = await startBeside(context)
    const silent = Array.from({ length: 40 }, () => raw(context, beside.port, 'SSH-2.0-silent\r\n'))
    const greeted = () => silent.filter(({ said }) => said() !== '').length
    const turnedAway = () => silent.filter(({ closed, said }) => closed() && said() === '').length
    await waitFor('each to be greeted or turned away', () => greeted() + turnedAway() === silent.length)
    assert.ok(greeted() >= 8 && greeted() < 12, `${greeted()} have a place`)
    const { code, stderr } = await runCommand(files, 'bob', 'core-sw1', 'list')
    assert.is(code, 0, stderr)
  },
  LIMIT,
)

all.run()
