import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { bridgeFiles, startBridge, statusWhere } from '../console-bridge/testing/bridge-fixture.ts'
import { renderHostBlock } from '../relay-config/fleet/render/ssh-config.ts'
import { freePort } from '../testbed/free-port.ts'
import { ptyTarget } from '../testbed/pty-target.ts'
import { runProgram, startProgram } from '../testbed/run-program.ts'
import { scratchDirectory } from '../testbed/scratch.ts'
import { startSshd } from '../testbed/sshd.ts'
import { suite } from '../testbed/suite.ts'
import { waitFor } from '../testbed/wait-for.ts'

const test = suite('a serial port by way 1')

test('-L of docs/serial-port.md works with rendered files, through a relay that permits the console only', async context => {
  const directory = await scratchDirectory(context)
  const target = await ptyTarget(context, directory)
  const files = await bridgeFiles(context, [{ name: 'core-sw1', path: target.path }])
  await startBridge(context, files)
  await statusWhere(files, 'open', ({ consoles }) => consoles[0]?.state === 'open')
  const relay = await startSshd({
    directory: join(directory, 'relay'),
    authorizedKeys: [`${files.keys.alice.path}.pub`],
    config: [`PermitOpen 127.0.0.1:${files.port}`],
  })
  context.cleanup(() => relay.stop())
  context.onFailure(relay.log)
  const knownHostsFile = join(directory, 'known_hosts')
  await writeFile(knownHostsFile, `core-sw1 ${files.hostKey.publicKey}\noobm-relay-fra ${relay.hostKey.publicKey}\n`)
  const common = { hostName: '127.0.0.1', knownHostsFile, identityFile: files.keys.alice.path }
  const blocks = [
    renderHostBlock({
      ...{ ...common, aliases: ['oobm-relay-fra'], port: relay.port, user: relay.user },
      ...{ hostKeyAlias: 'oobm-relay-fra', kind: 'relay' },
    }),
    renderHostBlock({
      ...{ ...common, aliases: ['core-sw1'], port: files.port, user: 'core-sw1', hostKeyAlias: 'core-sw1' },
      ...{ kind: 'console', jump: 'oobm-relay-fra' },
    }),
  ]
  const config = join(directory, 'config')
  await writeFile(config, `IgnoreUnknown *\n${blocks.join('\n')}`)

  const port = await freePort()
  const ssh = startProgram('ssh', ['-F', config, '-N', '-L', `${port}:core-sw1:2217`, 'core-sw1'])
  context.cleanup(() => ssh.stop())
  context.onFailure(ssh.output)
  await waitFor('the forwarded port', async () => {
    if (ssh.ended()) throw new Error(ssh.output())
    return (await runProgram('ss', ['-Hltn', `sport = :${port}`])).stdout !== ''
  })
  const script = join(import.meta.dirname, '../console-bridge/testing/serial-port.py')
  const commands = [`rfc2217://127.0.0.1:${port}`, 'speed', '115200', 'write', 'show clock', 'read', '7']
  const client = startProgram('/usr/bin/python3', ['-W', 'ignore', script, ...commands])
  context.cleanup(() => client.stop())
  context.onFailure(client.output)
  await client.says(/speed 115200\nwrite 10\n/, 60_000)
  await target.hears(/^show clock$/)
  target.says('Router#')
  await client.says(/read b'Router#'/)
  assert.match(relay.log(), /Accepted publickey/, 'it went through the relay')

  const raw = startProgram('ssh', ['-F', config, '-W', 'core-sw1:23', 'core-sw1'])
  context.cleanup(() => raw.stop())
  await statusWhere(files, 'the raw one', ({ consoles }) => consoles[0]?.sessions[0]?.id === 2)
  target.says('Switch>')
  await raw.says(/^Switch>$/)
})

test.run()
