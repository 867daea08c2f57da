import { readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { runProgram, startProgram } from '../../../testbed/run-program.ts'
import { startSshd } from '../../../testbed/sshd.ts'
import { suite } from '../../../testbed/suite.ts'
import { waitFor } from '../../../testbed/wait-for.ts'
import { operator, settings } from '../../testing/operator.ts'

const test = suite('oobm-relay check')
const SLOW = { timeoutMs: 120_000 }

test(
  'check finds no fault in a correct relay, also while the device is connected, and changes nothing',
  async context => {
    const { folder, home, port, oobmRelay, startRelay, install } = await operator(context)
    const sshd = await startRelay('relay', settings())
    await oobmRelay('keys', '--all')
    await oobmRelay('render')
    assert.is((await install()).code, 0)
    const idle = await oobmRelay('check')
    assert.is(idle.code, 0, idle.stdout + idle.stderr)
    assert.is(idle.stdout.match(/^ {2}ok /gm)?.length, 10)
    assert.not.match(idle.stdout, /WRONG|untried/)
    assert.equal(
      (await readdir(join(home, '.oobm'))).sort(),
      ['oobm-device-command', 'oobm-enrol-command', 'oobm-technician-command'],
      'it left no record',
    )
    const [, advised = ''] =
      /^ {2}advice {3}its sshd offers algorithms that are weak, or slow before a login: .*diffie-hellman-\S+, .*compression\. If nobody else needs them, root can set, before every Match block:\n((?: {6}.*\n){4})/m.exec(
        idle.stdout,
      ) ?? []
    const better = await startRelay('better', [...advised.trim().split(/\n +/), ...settings()])
    const advice = await oobmRelay('check')
    assert.is(advice.stdout.match(/^ {2}ok /gm)?.length, 11, advice.stdout)
    await better.stop()
    await startRelay('relay-again', settings())

    const server = createServer(socket => socket.on('error', () => {}).end('SSH-2.0-device\r\n'))
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    context.cleanup(() => server.close())
    const tunnel = startProgram('ssh', [
      ...['-F', 'none', '-N', '-i', join(folder, 'secrets/tokyo/relay_key'), '-p', String(sshd.port)],
      ...['-o', 'BatchMode=yes', '-o', 'StrictHostKeyChecking=no', '-o', `UserKnownHostsFile=${folder}/kh`],
      ...['-R', `127.0.0.1:${port}:127.0.0.1:${(server.address() as { port: number }).port}`, `${sshd.user}@127.0.0.1`],
    ])
    context.cleanup(() => tunnel.stop())
    await waitFor(
      'the tunnel',
      () => /remote forward|forwarding listening/.test(sshd.log()) || tunnel.ended() || listens(port),
    )
    const busy = await oobmRelay('check')
    assert.is(busy.code, 0, busy.stdout)
    assert.match(
      busy.stdout,
      /untried {2}a device may listen on its own ports, on 127\.0\.0\.1 only: every device whose key is here is connected/,
    )
    assert.not(tunnel.ended())
  },
  SLOW,
)

async function listens(port: number): Promise<boolean> {
  const { stdout } = await runProgram('sh', ['-c', 'cat /proc/net/tcp'])
  return stdout.includes(`0100007F:${port.toString(16).toUpperCase().padStart(4, '0')} 00000000:0000 0A`)
}

test(
  'check names each fault, and what to set',
  async context => {
    const { folder, home, oobmRelay, startRelay, install, writeFleet } = await operator(context)
    await startRelay('right', settings())
    await oobmRelay('keys', '--all')
    await oobmRelay('render')
    const wrongsOf = async (): Promise<string> => {
      const { code, stdout, stderr } = await oobmRelay('check')
      assert.is(code, 1, stdout + stderr)
      return (stdout.match(/^ {2}WRONG .*$/gm) ?? []).join('\n')
    }
    assert.match(
      await wrongsOf(),
      /^ {2}WRONG {4}the relay accepts the key of tokyo: run the rendered "install" on the relay again, as /,
    )
    assert.is((await install()).code, 0)

    const program = join(home, '.oobm/oobm-device-command')
    await rename(program, `${program}.away`)
    assert.match(
      await wrongsOf(),
      /^ {2}WRONG {4}oobm-device-command answers: run the rendered "install".*(not found|No such file or directory)$/,
    )
    await rename(`${program}.away`, program)

    const keys = join(home, '.ssh/authorized_keys')
    const good = await readFile(keys, 'utf8')
    await writeFile(keys, good.replace(/^restrict,port-forwarding,.*?(?=command)/gm, ''))
    assert.match(
      await wrongsOf(),
      /no shell and no terminal[\s\S]*other ports cannot be opened[\s\S]*other ports cannot be listened on/,
    )
    await writeFile(keys, good)

    const cases: [Record<string, string>, RegExp][] = [
      [
        { AllowStreamLocalForwarding: 'remote' },
        /^ {2}WRONG {4}Unix sockets cannot be listened on: set "AllowStreamLocalForwarding no"/,
      ],
      [{ GatewayPorts: 'yes' }, /^ {2}WRONG {4}listeners are on 127\.0\.0\.1 only: set "GatewayPorts no"/],
      [{ AllowTcpForwarding: 'no' }, /^ {2}WRONG {4}tokyo may open its own listener: set "AllowTcpForwarding yes"/],
      [{ AllowTcpForwarding: 'local' }, /^ {2}WRONG {4}tokyo may listen on its own port: set "AllowTcpForwarding yes"/],
    ]
    for (const [index, [change, pattern]] of cases.entries()) {
      await startRelay(`wrong-${index}`, settings(change))
      const wrongs = await wrongsOf()
      assert.match(wrongs, pattern)
      assert.is(wrongs.split('\n').length, 1, wrongs)
      const [left] = /\/tmp\/oobm-check-[0-9a-f]{16}/.exec(wrongs) ?? []
      if (left !== undefined) await rm(left, { force: true })
    }
    const imposter = await startSshd({
      directory: join(folder, 'imposter'),
      authorizedKeys: [keys],
      config: settings(),
    })
    context.cleanup(() => imposter.stop())
    await writeFleet(imposter.port, imposter.user)
    assert.match(
      await wrongsOf(),
      /^ {2}WRONG {4}its host key is the pinned one: another key answers at 127\.0\.0\.1:\d+, and 1 device will refuse this relay: tokyo\. /,
    )
    await imposter.stop()
    assert.match(await wrongsOf(), /^ {2}WRONG {4}127\.0\.0\.1:\d+ answers: .*Connection refused$/)
  },
  SLOW,
)

test.run()
