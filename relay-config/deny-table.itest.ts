import { existsSync } from 'node:fs'
import { readdir, writeFile } from 'node:fs/promises'
import { connect, createServer } from 'node:net'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { freePort, freePortPair } from '../testbed/free-port.ts'
import { type Program, runProgram, startProgram } from '../testbed/run-program.ts'
import { scratchDirectory } from '../testbed/scratch.ts'
import { waitFor } from '../testbed/wait-for.ts'
import { suite, type TestContext } from '../tools/suite.ts'
import { type FleetRelay, startFleetRelay } from './testing/fleet-relay.ts'

const test = suite('deny table')
const SLOW = { timeoutMs: 150_000 }
const TOKEN = 'a'.repeat(32)
/** What a target says to whoever reaches it. */
const HELLO = 'hello from the device\n'

interface Scene {
  relay: FleetRelay
  directory: string
  /** Listener ports: tokyo's and osaka's tunnels are up, kyoto's is not. */
  tokyo: number
  osaka: number
  kyoto: number
}

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

const accepts = (port: number) =>
  new Promise<boolean>(resolve => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => socket.destroy()).once('connect', () => resolve(true))
    socket.once('error', () => resolve(false))
  })

/** Who may open nothing there: `-W`, `-L`, `-D` to a port that somebody listens on. */
async function deniedOpenings(scene: Scene, who: string, to: string[]): Promise<string[]> {
  const allowed: string[] = []
  for (const address of to) {
    const { stdout, stderr } = await scene.relay.ssh(who, ['-W', address])
    if (!/administratively prohibited/.test(stderr) || stdout !== '') allowed.push(`-W ${address}: ${stdout}${stderr}`)
  }
  return allowed
}

/** `-L` and `-D` ask only when something connects to their local end. */
async function deniedByLocalEnd(context: TestContext, scene: Scene, who: string, to: number): Promise<void> {
  const local = await freePort()
  const forward = scene.relay.startSsh(who, ['-N', '-L', `127.0.0.1:${local}:127.0.0.1:${to}`])
  context.cleanup(() => forward.stop())
  await waitFor('the local end of -L', () => forward.ended() || accepts(local))
  await forward.says(/administratively prohibited/)

  const socks = await freePort()
  const dynamic = scene.relay.startSsh(who, ['-N', '-D', `127.0.0.1:${socks}`])
  context.cleanup(() => dynamic.stop())
  await waitFor('the local end of -D', () => dynamic.ended() || accepts(socks))
  // SOCKS4: connect to 127.0.0.1:to, with an empty user.
  const request = Buffer.from([4, 1, to >> 8, to & 255, 127, 0, 0, 1, 0])
  const socket = connect(socks, '127.0.0.1').on('error', () => {})
  context.cleanup(() => socket.destroy())
  socket.write(request)
  await dynamic.says(/administratively prohibited/)
}

/** `-R` anything: each must fail. */
async function deniedListeners(scene: Scene, who: string, listeners: string[]): Promise<void> {
  for (const listener of listeners) {
    const { code, stderr } = await scene.relay.ssh(who, ['-o', 'ExitOnForwardFailure=yes', '-R', listener], 'x')
    assert.match(stderr, /remote port forwarding failed/, `${who} -R ${listener}: ${stderr}`)
    assert.is(code, 255, `${who} -R ${listener}`)
  }
}

/** One port, on every address that is not the literal 127.0.0.1: all interfaces, the loopback by other names. */
const onOtherAddresses = (port: number) => [
  ...['0.0.0.0:', '[::]:', '[::1]:', 'localhost:', '*:', ':', '127.0.0.2:'].map(
    address => `${address}${port}:127.0.0.1:9`,
  ),
  // Without an address ssh asks for localhost; without a target, for a SOCKS listener.
  ...[`${port}:127.0.0.1:9`, `${port}`, '0'],
]

/** Unix sockets, a terminal, an agent, X11, a tun device, settings, files: nothing of it. */
async function deniedAnythingElse(context: TestContext, scene: Scene, who: string, answer: RegExp): Promise<void> {
  const { relay, directory } = scene
  const run = (options: string[], command?: string, more = {}) => relay.ssh(who, options, command, more)
  const said = ({ stdout, stderr }: { stdout: string; stderr: string }) => stdout + stderr

  const terminal = await run(['-tt'], undefined, { input: 'touch shell-was-here\n' })
  assert.match(said(terminal), /PTY allocation request failed/)
  const marker = join(directory, `marker-${who}`)
  for (const command of [
    undefined,
    `touch ${marker}`,
    `sh -c 'touch ${marker}'`,
    `\ntouch ${marker}`,
    `;touch ${marker}`,
  ]) {
    assert.match(said(await run(['-T'], command, { input: `touch ${marker}\n` })), answer, `${command}`)
  }
  assert.not(existsSync(marker), 'nothing of it ran')

  const agentSocket = join(directory, `agent-${who}`)
  const agent = startProgram('ssh-agent', ['-D', '-a', agentSocket])
  context.cleanup(() => agent.stop())
  await waitFor('the agent', () => existsSync(agentSocket))
  await run(['-A'], 'x', { env: { SSH_AUTH_SOCK: agentSocket } })
  await logged(relay, /agent forwarding disabled/)
  const x11 = await run(['-X', '-o', 'ForwardX11Trusted=yes'], 'x', { env: { DISPLAY: '127.0.0.1:9' } })
  assert.match(x11.stderr, /X11 forwarding request failed/)
  await run(['-o', 'SetEnv=LD_PRELOAD=/tmp/x.so PATH=/evil'], 'x')
  await logged(relay, /Ignoring env request LD_PRELOAD: disallowed name/)

  // A Unix socket on the relay, at either end.
  const listening = join(directory, `listening-${who}`)
  await deniedListeners(scene, who, [`${listening}:127.0.0.1:9`])
  assert.not(existsSync(listening))
  const local = join(directory, `local-${who}`)
  const forward = relay.startSsh(who, ['-N', '-L', `${local}:${agentSocket}`])
  context.cleanup(() => forward.stop())
  await waitFor('the local end', () => forward.ended() || existsSync(local))
  connect(local).on('error', () => {})
  await forward.says(/open failed/)
  await logged(relay, /refused streamlocal port forward/)

  const file = join(directory, 'some-file')
  await writeFile(file, 'x')
  for (const mode of [[], ['-O']]) {
    const copy = await runProgram('scp', [...mode, ...relay.login(who), file, `127.0.0.1:${marker}`])
    assert.is.not(copy.code, 0, `scp ${mode}`)
  }
  const sftp = await runProgram('sftp', ['-b', '-', ...relay.login(who), '127.0.0.1'], {
    input: `put ${file} ${marker}\n`,
  })
  assert.is.not(sftp.code, 0)
  assert.not(existsSync(marker), 'nothing was copied')
}

/** sshd has written it by now, or soon will. */
async function logged(relay: FleetRelay, pattern: RegExp): Promise<void> {
  await waitFor(`${pattern} in sshd's log`, () => pattern.test(relay.sshd.log()))
}

/** What to reach that is nobody's here: sshd itself, and a name and an address that are the same machine. */
const elsewhere = ({ relay, osaka }: Scene) => [
  ...[osaka, osaka + 1, relay.sshd.port].map(port => `127.0.0.1:${port}`),
  ...[`localhost:${osaka}`, `[::1]:${osaka}`, `0.0.0.0:${osaka}`, `127.0.0.2:${osaka}`],
]

test(
  'a device’s key does its own, and nothing else',
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
    await deniedAnythingElse(context, all, 'tokyo', /tokyo: the words are: claim TOKEN, evict/)
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
    for (const word of [`claim ${TOKEN}`, 'evict']) {
      const { code, stdout } = await relay.ssh('alice', [], word)
      assert.is(code, 1)
      assert.match(stdout, /^This key opens consoles by way of the relay, and runs nothing on it\./)
    }
    await deniedAnythingElse(
      context,
      all,
      'alice',
      /This key opens consoles by way of the relay, and runs nothing on it\./,
    )
    await deniedTun(relay, 'alice')
    assert.not(existsSync(relay.stateDirectory), 'no claim was recorded')
  },
  SLOW,
)

/** The client must be able to make the device, or the refusal would be its own. */
const MAY_TUN = process.getuid?.() === 0 && existsSync('/dev/net/tun')

async function deniedTun(relay: FleetRelay, who: string): Promise<void> {
  if (!MAY_TUN) return
  const tun: Program = relay.startSsh(who, ['-v', '-N', '-w', 'any:any'])
  try {
    await tun.says(
      /Server has rejected tunnel device forwarding|tunnel device forwarding.*(refused|failed)|open failed/,
    )
  } finally {
    await tun.stop()
  }
}
if (!MAY_TUN) test.skip('a tun device is refused', 'needs root and /dev/net/tun')

test.run()
