import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { type Program, runProgram, startProgram } from '../../lab/run-program.ts'
import { waitFor } from '../../lab/wait-for.ts'
import type { TestContext } from '../../tools/suite.ts'
import { ADDRESS, CLIENT_ADDRESS, type DedicatedFleet, dedicatedFleet, PORT } from '../testing/dedicated-fleet.ts'
import { hostSuite, startThrowawayHost, type ThrowawayHost } from '../testing/throwaway-host.ts'

const test = hostSuite('dedicated deny table')
const HELLO = 'hello from the device'

interface Scene {
  host: ThrowawayHost
  fleet: DedicatedFleet
  /** Runs a program in the clients' network. */
  client(command: string, args: string[], input?: string): ReturnType<typeof runProgram>
  /** Arguments of ssh up to its options, for a login with a key. */
  login(who: keyof typeof USERS): string[]
  start(who: keyof typeof USERS, options: string[]): Program
  /** Starts any program there. */
  startClient(command: string, args: string[]): Program
}

const USERS = { tokyo: 'oobm-device', osaka: 'oobm-device', alice: 'alice', bob: 'bob' } as const

/** A relay that was applied, and a client's machine on a wire to it. */
async function scene(context: TestContext): Promise<Scene> {
  const host = await startThrowawayHost(context)
  const fleet = await dedicatedFleet(host)
  const other = startProgram('unshare', [
    '--net',
    '--fork',
    '--kill-child',
    'sh',
    '-c',
    'ip link set lo up && echo ready && exec sleep infinity',
  ])
  context.cleanup(() => other.stop(0))
  await other.says(/^ready$/m)
  const pid = (await readFile(`/proc/${other.pid}/task/${other.pid}/children`, 'utf8')).trim()
  const inClient = (command: string, args: string[]) => ['--target', pid, '--net', command, ...args]
  const client = (command: string, args: string[], input = '') =>
    runProgram('nsenter', inClient(command, args), { input, timeoutMs: 40_000 })
  const wire = await runProgram('nsenter', [
    '--target',
    String(host.pid),
    '--net',
    'ip',
    'link',
    'add',
    'wire0',
    'type',
    'veth',
    'peer',
    'name',
    'wire0',
    'netns',
    pid,
  ])
  assert.is(wire.code, 0, wire.stderr)
  await host.sh(`ip addr add ${ADDRESS}/24 dev wire0; ip link set wire0 up; ip addr add 2001:db8::1/64 dev wire0 nodad`)
  await client('sh', [
    '-c',
    `ip addr add ${CLIENT_ADDRESS}/24 dev wire0; ip link set wire0 up; ip addr add 2001:db8::2/64 dev wire0 nodad`,
  ])
  // A small Debian has no netbase: nft then knows no protocol by name.
  await host.sh('rm -f /etc/protocols')
  await fleet.relay('apply')
  const known = join(host.shared, 'known_hosts')
  await host.sh(
    `printf 'relay %s\\n' "$(cut -d' ' -f1,2 /etc/oobm/relay/ssh_host_ed25519_key.pub)" > /root/fleet/known_hosts`,
  )
  const keyOf = {
    tokyo: fleet.deviceKey('tokyo'),
    osaka: fleet.deviceKey('osaka'),
    alice: fleet.alice.path,
    bob: fleet.bob.path,
  }
  const login = (who: keyof typeof USERS) => [
    ...['-F', 'none', '-i', keyOf[who], '-o', `Port=${PORT}`, '-o', `User=${USERS[who]}`, '-o', 'BatchMode=yes'],
    ...[
      '-o',
      'IdentitiesOnly=yes',
      '-o',
      'IdentityAgent=none',
      '-o',
      'StrictHostKeyChecking=yes',
      '-o',
      'HostKeyAlias=relay',
    ],
    ...['-o', `UserKnownHostsFile=${known}`, '-o', 'ConnectTimeout=15'],
  ]
  const start = (who: keyof typeof USERS, options: string[]) => {
    const program = startProgram('nsenter', inClient('ssh', [...login(who), ...options, ADDRESS]))
    context.cleanup(() => program.stop())
    return program
  }
  const startClient = (command: string, args: string[]) => startProgram('nsenter', inClient(command, args))
  return { host, fleet, client, login, start, startClient }
}

const PROHIBITED = /administratively prohibited/
const NOT_LISTENING = /remote port forwarding failed/
const SENTENCE = /This key opens consoles by way of the relay, and runs nothing on it/
const NO_LOGIN = /Permission denied/

test(
  'each key does its own, the firewall lets in what it names, and all else is refused',
  async context => {
    const all = await scene(context)
    const { host, client, login, start } = all
    const target = all.startClient('socat', ['TCP-LISTEN:7,fork,reuseaddr', `SYSTEM:echo ${HELLO}`])
    context.cleanup(() => target.stop())
    await waitFor('the target', async () => (await client('socat', ['-', 'TCP:127.0.0.1:7'])).stdout.includes(HELLO))
    const tokyo = start('tokyo', [
      '-N',
      '-v',
      '-o',
      'ExitOnForwardFailure=yes',
      '-R',
      '127.0.0.1:20100:127.0.0.1:7',
      '-R',
      '127.0.0.1:20101:127.0.0.1:7',
    ])
    const osaka = start('osaka', [
      '-N',
      '-v',
      '-o',
      'ExitOnForwardFailure=yes',
      '-R',
      '127.0.0.1:20102:127.0.0.1:7',
      '-R',
      '127.0.0.1:20103:127.0.0.1:7',
    ])
    for (const tunnel of [tokyo, osaka]) await tunnel.says(/remote forward success[\s\S]*remote forward success/)

    const wrong: string[] = []
    let cases = 0
    const ssh = async (
      what: string,
      who: keyof typeof USERS,
      options: string[],
      command: string | undefined,
      expected: RegExp,
      address = ADDRESS,
    ) => {
      cases++
      const args = [...login(who), ...options, address, ...(command === undefined ? [] : [command])]
      const { stdout, stderr } = await client('ssh', args)
      if (!expected.test(stdout + stderr)) wrong.push(`${what}: ${stdout}${stderr}`)
    }
    const opens = (who: keyof typeof USERS, to: string) =>
      ssh(`${who} opens ${to}`, who, ['-W', to], undefined, new RegExp(HELLO))
    const mayNotOpen = (who: keyof typeof USERS, to: string) =>
      ssh(`${who} may not open ${to}`, who, ['-W', to], undefined, PROHIBITED)
    const mayNotListen = (who: keyof typeof USERS, on: string, why = NOT_LISTENING) =>
      ssh(
        `${who} may not listen on ${on}`,
        who,
        ['-o', 'ExitOnForwardFailure=yes', '-R', `${on}:127.0.0.1:7`],
        'x',
        why,
      )

    // What is allowed.
    for (const port of [20100, 20101]) await opens('tokyo', `127.0.0.1:${port}`)
    for (const port of [20102, 20103]) await opens('osaka', `127.0.0.1:${port}`)
    await opens('alice', '127.0.0.1:20101')
    await opens('bob', '127.0.0.1:20103')
    await ssh('the words answer', 'tokyo', [], 'x', /tokyo: the words are: claim TOKEN, evict/)
    await ssh('over IPv6', 'tokyo', [], 'x', /the words are/, '2001:db8::1')

    // Other ports, other addresses, other names of the same.
    for (const to of [
      '127.0.0.1:20102',
      '127.0.0.1:20103',
      '127.0.0.1:22',
      `127.0.0.1:${PORT}`,
      'localhost:20100',
      '[::1]:20100',
      `${ADDRESS}:20101`,
      `${CLIENT_ADDRESS}:7`,
    ]) {
      await mayNotOpen('tokyo', to)
    }
    for (const to of [
      '127.0.0.1:20100',
      '127.0.0.1:20102',
      '127.0.0.1:20103',
      `127.0.0.1:${PORT}`,
      'localhost:20101',
      `${ADDRESS}:20101`,
    ]) {
      await mayNotOpen('alice', to)
    }
    for (const to of ['127.0.0.1:20101', '127.0.0.1:20102', '127.0.0.1:22']) await mayNotOpen('bob', to)

    // Listeners.
    for (const on of [
      '127.0.0.1:20104',
      '0.0.0.0:20102',
      '0.0.0.0:20103',
      '*:20102',
      '[::]:20102',
      `${ADDRESS}:20103`,
      'localhost:20102',
      '127.0.0.1:0',
      '0.0.0.0:20101',
    ]) {
      await mayNotListen('osaka', on)
    }
    for (const on of ['*:20100', '0.0.0.0:20101', '[::]:20100', '0.0.0.0:20099', '127.0.0.1:22'])
      await mayNotListen('tokyo', on)
    for (const who of ['alice', 'bob'] as const) {
      for (const on of ['127.0.0.1:1', '127.0.0.1:20110', '0.0.0.0:20110', '127.0.0.1:0']) await mayNotListen(who, on)
    }

    // Shells, terminals, files, sockets, other accounts.
    for (const who of ['tokyo', 'alice'] as const) {
      const answer = who === 'tokyo' ? /the words are/ : SENTENCE
      for (const command of [undefined, 'id', 'sh -c id', ';id', '\nid'])
        await ssh(`${who} runs ${command}`, who, ['-T'], command, answer)
      await ssh(`${who} has no terminal`, who, ['-tt'], 'sh', /PTY allocation request failed/)
      await ssh(
        `${who} has no Unix listener`,
        who,
        ['-o', 'ExitOnForwardFailure=yes', '-R', '/tmp/x:127.0.0.1:7'],
        'x',
        NOT_LISTENING,
      )
      await ssh(`${who} has no subsystem`, who, ['-s'], 'sftp', /subsystem request failed/)
      await ssh(
        `${who} has no tun device`,
        who,
        ['-v', '-w', 'any:any'],
        'x',
        /rejected tunnel device|tunnel device.*(refused|failed)|open failed/i,
      )
    }
    await ssh('bob has no subsystem', 'bob', ['-s'], 'sftp', /subsystem request failed/)
    const asUser = (user: string) => login('alice').map(word => (word === 'User=alice' ? `User=${user}` : word))
    for (const user of ['root', 'bob', 'oobm-device', 'nobody', 'daemon']) {
      cases++
      const { stderr } = await client('ssh', [...asUser(user), ADDRESS, 'x'])
      if (!NO_LOGIN.test(stderr)) wrong.push(`alice's key as ${user}: ${stderr}`)
    }
    assert.equal(wrong, [])

    // The network: what the firewall names, and what it does not.
    const connects = async (port: number) => {
      cases++
      return (await client('socat', ['-T3', '-', `TCP:${ADDRESS}:${port},connect-timeout=3`])).stdout
    }
    const extra = host.start('socat', ['TCP-LISTEN:8080,fork,reuseaddr', 'SYSTEM:echo open'])
    context.cleanup(() => extra.stop())
    await waitFor('it listens', async () => (await host.sh('ss -ltn')).includes(':8080 '))
    assert.match(await connects(20101), new RegExp(HELLO), 'the direct port of a gateway')
    assert.match(await connects(PORT), /^SSH-2\.0-/)
    assert.is(await connects(8080), '', 'another service of the host')
    assert.is(await connects(20103), '', 'a device that is no gateway')
    assert.match(await connects(20100), new RegExp(HELLO), 'and its shell')
    assert.ok(cases >= 40, `${cases} cases`)
    assert.not(tokyo.ended() || osaka.ended(), 'and the tunnels stood all the time')
  },
  { timeoutMs: 400_000 },
)

test.run()
