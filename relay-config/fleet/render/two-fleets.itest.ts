import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { freePort } from '../../../testbed/free-port.ts'
import { type KeyPair, makeKey } from '../../../testbed/make-key.ts'
import { runProgram, startProgram } from '../../../testbed/run-program.ts'
import { scratchDirectory } from '../../../testbed/scratch.ts'
import { startSshd } from '../../../testbed/sshd.ts'
import { suite, type TestContext } from '../../../testbed/suite.ts'
import { parseFleet } from '../fleet-config.ts'
import { renderKnownHosts } from './known-hosts.ts'
import { renderSshConfig } from './ssh-config.ts'

const test = suite('two fleets')
const TITLE =
  'that have the same relay name, address, port and login share nothing, whatever a technician sets for all hosts'

interface FleetScene {
  name: string
  device: string
  directory: string
  devicePort: number
  key: KeyPair
  /** Where its relay and its device listen. */
  under: string[]
}

/** A relay, and a device where its listener would be, that says whose it is. Returns the technician's ssh_config. */
async function startFleet(context: TestContext, scene: FleetScene): Promise<string> {
  const { name, device, directory, devicePort, key, under } = scene
  await mkdir(directory)
  const authorizedKeys = [`${key.path}.pub`]
  const relay = await startSshd({ directory: join(directory, 'relay'), authorizedKeys, under })
  context.cleanup(() => relay.stop())
  const target = await startSshd({
    ...{ directory: join(directory, 'device'), authorizedKeys, under, port: devicePort },
    config: [`ForceCommand echo this is fleet ${name}; cat`],
  })
  context.cleanup(() => target.stop())
  if (under.length > 0) {
    // The way into the other network.
    const inside = `EXEC:${[...under, 'socat', '-', `TCP\\:127.0.0.1\\:${relay.port}`].join(' ')}`
    const wire = startProgram('socat', ['-d', '-d', `TCP-LISTEN:${relay.port},bind=127.0.0.1,fork,reuseaddr`, inside])
    context.cleanup(() => wire.stop())
    await wire.says(/listening on/)
  }
  const fleet = parseFleet(
    'fleet.toml',
    `version = 1
[[relays]]
name = "relay"
host = "127.0.0.1"
port = ${relay.port}
user = "${relay.user}"
host_keys = ["${relay.hostKey.publicKey}"]
[[devices]]
name = "${device}"
port = ${devicePort}
shell_user = "${relay.user}"
[[technicians]]
name = "alice"
keys = ["${key.publicKey}"]
consoles = []
shells = ["${device}"]`,
  )
  const [alice] = fleet.technicians
  assert.ok(alice)
  const files = { knownHostsFile: join(directory, 'known_hosts'), identityFile: key.path }
  const shell = target.hostKey.publicKey
  await writeFile(
    files.knownHostsFile,
    renderKnownHosts(fleet, alice, () => ({ shell, bridge: shell })),
  )
  const config = join(directory, 'config')
  await writeFile(config, renderSshConfig(fleet, alice, files))
  return config
}

if (process.getuid?.() !== 0) test.skip(TITLE, 'a network of its own for the second relay needs root')
else
  test(TITLE, async context => {
    const directory = await scratchDirectory(context)
    const network = startProgram('unshare', [
      ...['--net', 'sh', '-c', 'ip link set lo up && echo ready && exec sleep infinity'],
    ])
    context.cleanup(() => network.stop())
    await network.says(/^ready$/m)
    const common = { devicePort: await freePort(), key: await makeKey(directory, 'alice') }
    const there = ['nsenter', '--target', String(network.pid), '--net']
    const a = await startFleet(context, {
      ...{ ...common, name: 'a', device: 'rack1', directory: join(directory, 'a'), under: [] },
    })
    const b = await startFleet(context, {
      ...{ ...common, name: 'b', device: 'rack2', directory: join(directory, 'b'), under: there },
    })
    const own = join(directory, 'own')
    const shared = `ControlMaster auto\n  ControlPath ${directory}/%r@%h:%p\n  ControlPersist 60`
    await writeFile(own, `Include ${a}\nInclude ${b}\nHost *\n  ${shared}\n`)

    const first = startProgram('ssh', ['-F', own, '-o', 'BatchMode=yes', 'rack1'])
    context.cleanup(() => runProgram('ssh', ['-F', own, '-O', 'exit', 'rack1']))
    context.cleanup(() => first.stop())
    await first.says(/this is fleet a/)
    const second = await runProgram('ssh', ['-F', own, '-o', 'BatchMode=yes', 'rack2'])
    assert.equal([second.code, second.stdout], [0, 'this is fleet b\n'], second.stderr)
  })

test.run()
