import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { makeKey } from '../../../testbed/make-key.ts'
import { runProgram, startProgram } from '../../../testbed/run-program.ts'
import { scratchDirectory } from '../../../testbed/scratch.ts'
import { startSshd } from '../../../testbed/sshd.ts'
import { suite, type TestContext } from '../../../testbed/suite.ts'
import { waitFor } from '../../../testbed/wait-for.ts'
import { DELETE_GATEWAY_TABLE, GATEWAY_SYSCTL, renderGatewayTable } from './gateway.ts'

/** Says who each datagram claims to be from. */
const BELIEVER = `import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(('0.0.0.0', 5555))
print('listens')
while True:
    text, sender = s.recvfrom(100)
    print('from %s: %s' % (sender[0], text.decode()))
`
/** Sends a text to port 5555 with a sender of its choice: an IP header (RFC 791) and a UDP header (RFC 768) without a sum. */
const LIAR = `import socket, struct, sys
text = sys.argv[2].encode()
udp = struct.pack('!HHHH', 5555, 5555, 8 + len(text), 0) + text
addresses = socket.inet_aton('127.0.0.1') + socket.inet_aton(sys.argv[1])
ip = struct.pack('!BBHHHBBH', 69, 0, 20 + len(udp), 1, 0, 64, 17, 0) + addresses
socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW).sendto(ip + udp, (sys.argv[1], 0))
`

const test = suite('direct port')
const LIMIT = { timeoutMs: 120_000 }
const [RELAY, NEIGHBOUR] = ['192.0.2.1', '192.0.2.2']
/** Of a device with `gateway = true`, and of one without. */
const [OPEN, CLOSED] = [20_101, 20_103]

async function run(command: string, ...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await runProgram(command, args)
  if (code !== 0) throw new Error(`${command} ${args.join(' ')}: ${stderr}`)
  return stdout
}

/** A relay and a neighbour on the same wire, each in a network namespace. */
async function wire(context: TestContext) {
  const [relay, neighbour] = ['r', 'n'].map(letter => `oobm-gw-${letter}-${process.pid}`) as [string, string]
  for (const name of [relay, neighbour]) {
    await run('ip', 'netns', 'add', name)
    context.cleanup(() => run('ip', 'netns', 'del', name))
    await run('ip', '-n', name, 'link', 'set', 'lo', 'up')
  }
  await run('ip', '-n', relay, 'link', 'add', 'wire0', 'type', 'veth', 'peer', 'name', 'wire0', 'netns', neighbour)
  for (const [name, address] of [
    [relay, RELAY],
    [neighbour, NEIGHBOUR],
  ] as const) {
    await run('ip', '-n', name, 'address', 'add', `${address}/24`, 'dev', 'wire0')
    await run('ip', '-n', name, 'link', 'set', 'wire0', 'up')
  }
  const within = (name: string) => ['ip', 'netns', 'exec', name]
  return { relay: within(relay), neighbour: within(neighbour) }
}

/** What answers at an address, as the neighbour sees it: the first line; empty when nothing does. */
async function banner(from: string[], address: string, port: number): Promise<string> {
  const [command = '', ...args] = [...from, 'socat', '-T3', '-u', `TCP:${address}:${port},connect-timeout=3`, 'STDOUT']
  return (await runProgram(command, args)).stdout.split('\r\n')[0] ?? ''
}

if (process.getuid?.() === 0) {
  test(
    'opens the ports it names and no other, and gives the neighbours nothing else of 127.0.0.1',
    async context => {
      const directory = await scratchDirectory(context)
      const { relay, neighbour } = await wire(context)
      const inRelay = (...command: string[]) => run(relay[0] ?? '', ...relay.slice(1), ...command)
      const device = await makeKey(directory, 'device')
      const keys = join(directory, 'authorized_keys')
      const permits = [OPEN, CLOSED].map(port => `permitlisten="127.0.0.1:${port}"`).join(',')
      await writeFile(keys, `restrict,port-forwarding,${permits} ${device.publicKey}\n`)
      // A real sshd with the listeners of two devices, each leading to a service of its own: this sshd itself.
      const sshd = await startSshd({
        directory: join(directory, 'sshd'),
        port: 20_443,
        under: relay,
        authorizedKeys: [keys],
        config: ['GatewayPorts no'],
      })
      context.cleanup(() => sshd.stop())
      context.onFailure(sshd.log)
      const hosts = join(directory, 'known_hosts')
      await writeFile(hosts, `[127.0.0.1]:${sshd.port} ${sshd.hostKey.publicKey}\n`)
      const forwards = [OPEN, CLOSED].flatMap(port => ['-R', `127.0.0.1:${port}:127.0.0.1:${sshd.port}`])
      const [command = '', ...args] = [
        ...[...relay, 'ssh', '-F', 'none', '-N', '-i', device.path, '-p', String(sshd.port), '-l', sshd.user],
        ...['-o', `UserKnownHostsFile=${hosts}`, '-o', 'BatchMode=yes', '-o', 'ExitOnForwardFailure=yes', ...forwards],
        '127.0.0.1',
      ]
      const tunnel = startProgram(command, args)
      context.cleanup(() => tunnel.stop())
      await waitFor('the listeners', async () => (await inRelay('ss', '-Hltn')).includes(`127.0.0.1:${CLOSED}`))
      const table = join(directory, 'gateway.nft')
      const load = async (text: string) => {
        await writeFile(table, text)
        await inRelay('nft', '-c', '-f', table)
        await inRelay('nft', '-f', table)
      }
      const sysctl = (value: number) => inRelay('sysctl', '-q', '-w', `${GATEWAY_SYSCTL}=${value}`)

      assert.is(await banner(neighbour, RELAY, OPEN), '', 'closed before')
      await load(renderGatewayTable([OPEN]))
      await sysctl(1)
      assert.match(await banner(neighbour, RELAY, OPEN), /^SSH-2\.0-OpenSSH/)
      assert.is(await banner(neighbour, RELAY, CLOSED), '', 'another device')
      assert.is(await banner(neighbour, RELAY, sshd.port), '', 'what listens on 127.0.0.1 alone')
      assert.match(await banner(relay, '127.0.0.1', OPEN), /^SSH-2\.0-OpenSSH/, 'the proof and the jump go on')
      const listeners = await inRelay('ss', '-Hltn')
      assert.not.match(listeners, /(0\.0\.0\.0|\*|\[::\]):20\d\d\d/, 'nothing listens in public')

      // A neighbour that sends packets for 127.0.0.1 over the wire, which the sysctl alone would accept.
      const inNeighbour = (...command: string[]) => run(neighbour[0] ?? '', ...neighbour.slice(1), ...command)
      await inNeighbour('sysctl', '-q', '-w', 'net.ipv4.conf.all.route_localnet=1')
      await inNeighbour('ip', 'address', 'del', '127.0.0.1/8', 'dev', 'lo')
      await inNeighbour('ip', 'route', 'add', '127.0.0.1/32', 'via', RELAY, 'dev', 'wire0', 'src', NEIGHBOUR)
      for (const port of [OPEN, CLOSED, sshd.port])
        assert.is(await banner(neighbour, '127.0.0.1', port), '', `martian ${port}`)
      await inRelay('nft', 'flush', 'chain', 'ip', 'oobm_gateway', 'guard')
      assert.match(await banner(neighbour, '127.0.0.1', sshd.port), /^SSH-2\.0-OpenSSH/, 'the test would see it')

      await load(renderGatewayTable([OPEN]))

      // And one that says that it is 127.0.0.1: a program that trusts this address would believe it.
      // The kernel drops that by itself, unless it was told to take its own addresses from elsewhere.
      for (const setting of ['all.rp_filter=0', 'default.rp_filter=0', 'all.accept_local=1'])
        await inRelay('sysctl', '-q', '-w', `net.ipv4.conf.${setting}`)
      await inRelay('sh', '-c', 'for file in /proc/sys/net/ipv4/conf/*/rp_filter; do echo 0 >"$file"; done')
      const believer = startProgram(relay[0] ?? '', [...relay.slice(1), 'python3', '-u', '-c', BELIEVER])
      context.cleanup(() => believer.stop())
      await believer.says(/listens/)
      const lie = (text: string) => inNeighbour('python3', '-c', LIAR, RELAY, text)
      await lie('kept out')
      // The honest line comes after what the liar sent.
      await inNeighbour('python3', '-c', LIAR.replace("'127.0.0.1'", `'${NEIGHBOUR}'`), RELAY, 'honest')
      await believer.says(new RegExp(`from ${NEIGHBOUR}: honest`))
      assert.not.match(believer.output(), '127.0.0.1')
      await inRelay('nft', 'flush', 'chain', 'ip', 'oobm_gateway', 'guard')
      await lie('let in')
      await believer.says(/from 127\.0\.0\.1: let in/)
      await load(renderGatewayTable([OPEN]))
      await load(renderGatewayTable([OPEN]))
      assert.is(await banner(neighbour, '127.0.0.1', sshd.port), '')
      await sysctl(0)
      await load(DELETE_GATEWAY_TABLE)
      assert.is(await banner(neighbour, RELAY, OPEN), '', 'closed again')
      assert.is((await inRelay('nft', 'list', 'tables')).trim(), '')
      await load(renderGatewayTable([]))
      assert.is((await inRelay('nft', 'list', 'tables')).trim(), '')
    },
    LIMIT,
  )
} else {
  test.skip('opens the ports it names', 'network namespaces need root')
}

test.run()
