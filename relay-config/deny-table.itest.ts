import { existsSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { createServer } from 'node:net'
import * as assert from 'uvu/assert'
import { accepts } from '../testbed/accepts.ts'
import { freePort, freePortPair } from '../testbed/free-port.ts'
import { scratchDirectory } from '../testbed/scratch.ts'
import { suite, type TestContext } from '../testbed/suite.ts'
import { waitFor } from '../testbed/wait-for.ts'
import {
  deniedAnythingElse,
  deniedByLocalEnd,
  deniedListeners,
  deniedOpenings,
  deniedTun,
  MAY_TUN,
  onOtherAddresses,
  type Scene,
} from './testing/denials.ts'
import { type FleetRelay, startFleetRelay } from './testing/fleet-relay.ts'

const test = suite('deny table')
const SLOW = { timeoutMs: 150_000 }
const TOKEN = 'a'.repeat(32)
/** What a target says to everybody who reaches it. */
const HELLO = 'hello from the device\n'

/** Three devices, two of them connected, so that a refusal is never a mere "nobody listens there"; Alice has one console. */
async function scene(context: TestContext): Promise<Scene> {
  const directory = await scratchDirectory(context)
  const [tokyo, osaka, kyoto] = await threePairs()
  const consoles = (name: string) => `[[devices.consoles]]\nname = "${name}"\npath = "/dev/ttyUSB0"`
  const relay = await startFleetRelay({
    directory,
    devices: { tokyo, osaka, kyoto },
    // Consoles belong to the device above them: the last one, kyoto, and Alice's is added by its port below.
    rest: `${consoles('sw1')}\n[[technicians]]\nname = "alice"\nkeys = ["KEY_OF_alice"]\nconsoles = ["sw1"]`,
    config: ['LogLevel DEBUG2', 'X11Forwarding yes'],
  })
  context.cleanup(() => relay.sshd.stop())
  context.onFailure(() => relay.sshd.log().split('\n').slice(-60).join('\n'))
  const server = createServer(socket => socket.on('error', () => {}).end(HELLO))
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  context.cleanup(() => server.close())
  const to = `127.0.0.1:${(server.address() as { port: number }).port}`
  for (const [name, port] of Object.entries({ tokyo, osaka })) {
    await holdListeners(context, relay, name, port, to)
  }
  return { relay, directory, tokyo, osaka, kyoto }
}

/** A device's tunnel, with both its listeners. */
async function holdListeners(context: TestContext, relay: FleetRelay, name: string, port: number, to: string) {
  const listeners = [port, port + 1].flatMap(port => ['-R', `127.0.0.1:${port}:${to}`])
  const tunnel = relay.startSsh(name, ['-N', '-o', 'ExitOnForwardFailure=yes', ...listeners])
  context.cleanup(() => tunnel.stop())
  for (const own of [port, port + 1]) await waitFor(`${name}'s listener ${own}`, () => tunnel.ended() || accepts(own))
  assert.not(tunnel.ended(), tunnel.output())
}

async function threePairs(): Promise<[number, number, number]> {
  const pairs = new Set<number>()
  while (pairs.size < 3) {
    const port = await freePortPair()
    if (port > 1024 && ![...pairs].some(other => Math.abs(other - port) < 2)) pairs.add(port)
  }
  return [...pairs] as [number, number, number]
}

/** What to reach that is nobody's here: sshd itself, and a name and an address that are the same machine. */
const elsewhere = ({ relay, osaka }: Scene) => [
  ...[osaka, osaka + 1, relay.sshd.port].map(port => `127.0.0.1:${port}`),
  ...[`localhost:${osaka}`, `[::1]:${osaka}`, `0.0.0.0:${osaka}`, `127.0.0.2:${osaka}`],
]

test(
  'a device’s key may do its own, and nothing else',
  async context => {
    const all = await scene(context)
    const { relay, tokyo, osaka, kyoto } = all
    for (const own of [tokyo, tokyo + 1]) {
      assert.is((await relay.ssh('tokyo', ['-W', `127.0.0.1:${own}`])).stdout, HELLO, 'its own way back')
    }
    const claim = relay.startSsh('tokyo', [], `claim ${TOKEN}`)
    context.cleanup(() => claim.stop())
    await claim.says(/^claimed$/m)

    const others = [
      ...elsewhere(all),
      ...[tokyo, tokyo + 1].flatMap(own => [`localhost:${own}`, `127.0.0.2:${own}`, `[::1]:${own}`]),
    ]
    assert.equal(await deniedOpenings(all, 'tokyo', others), [])
    await deniedByLocalEnd(context, all, 'tokyo', osaka)
    const ports = [0, 80, kyoto - 1, kyoto + 2, osaka, await freePort()]
    const listeners = ports.map(port => `127.0.0.1:${port}:127.0.0.1:9`)
    await deniedListeners(all, 'kyoto', [...onOtherAddresses(kyoto), ...onOtherAddresses(kyoto + 1), ...listeners])
    await deniedAnythingElse(context, all, 'tokyo', /tokyo: the commands are: claim TOKEN, evict/)
    await deniedTun(relay, 'tokyo')

    assert.not(claim.ended())
    assert.equal(await readdir(relay.stateDirectory), ['tokyo'])
    // That the ports of kyoto were free all the time: it may listen on them, and there alone.
    await holdListeners(context, relay, 'kyoto', kyoto, `127.0.0.1:${tokyo}`)
  },
  SLOW,
)

test(
  'a technician’s key opens the consoles that were given, and nothing else',
  async context => {
    const all = await scene(context)
    const { relay, tokyo, kyoto } = all
    await holdListeners(context, relay, 'kyoto', kyoto, `127.0.0.1:${tokyo}`)
    assert.is((await relay.ssh('alice', ['-W', `127.0.0.1:${kyoto + 1}`])).stdout, HELLO, 'the console')

    const shell = `127.0.0.1:${kyoto}`
    const others = [...elsewhere(all), shell, `127.0.0.1:${tokyo}`, `127.0.0.1:${tokyo + 1}`, `localhost:${kyoto + 1}`]
    assert.equal(await deniedOpenings(all, 'alice', others), [])
    await deniedByLocalEnd(context, all, 'alice', kyoto)
    const free = await freePort()
    await deniedListeners(all, 'alice', [
      ...onOtherAddresses(free),
      ...[free, 0].map(port => `127.0.0.1:${port}:127.0.0.1:9`),
    ])
    for (const command of [`claim ${TOKEN}`, 'evict']) {
      const { code, stdout } = await relay.ssh('alice', [], command)
      assert.is(code, 1)
      assert.match(stdout, /^This key opens consoles through the relay and runs nothing on it\./)
    }
    await deniedAnythingElse(
      context,
      all,
      'alice',
      /This key opens consoles through the relay and runs nothing on it\./,
    )
    await deniedTun(relay, 'alice')
    assert.not(existsSync(relay.stateDirectory), 'no claim was recorded')
  },
  SLOW,
)

if (!MAY_TUN) test.skip('a tun device is refused', 'needs root and /dev/net/tun')

test.run()
