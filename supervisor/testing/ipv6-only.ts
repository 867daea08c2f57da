/** A device in a network that has IPv6 alone, its router with a real NAT64 (tayga) and name server (dnsmasq), and a relay. */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { runProgram, startProgram } from '../../testbed/run-program.ts'
import { scratchDirectory } from '../../testbed/scratch.ts'
import type { TestContext } from '../../testbed/suite.ts'
import { waitFor } from '../../testbed/wait-for.ts'
import { startField } from './field.ts'

/** TEST-NET-1 (RFC 5737) and the documentation prefix (RFC 3849), inside namespaces of the test alone. */
export const RELAY = { ipv4: '192.0.2.1', ipv6: '2001:db8:2::1' }
export const PREFIX = '2001:db8:64::/96'
/** What tayga gives to hosts of the IPv6 side, one address each. */
const POOL = '10.64.0.0/24'
/** The network of each cable of the device: the router is host 1, the device host 2. */
const CABLES = { up1: '2001:db8:1:1', up2: '2001:db8:1:2' }
export type Cable = keyof typeof CABLES

export interface SceneOptions {
  cables?: readonly Cable[]
  /** What the name server answers, in words of dnsmasq(8): `--host-record=relay.test,192.0.2.1`. */
  names: readonly string[]
}

export async function startIPv6Only(context: TestContext, { cables = ['up1'], names }: SceneOptions) {
  const [device, router, relay] = ['d', 'r', 's'].map(one => `oobm-${one}-${process.pid}`) as [string, string, string]
  const directory = await scratchDirectory(context)
  const run = async (...[program, ...args]: [string, ...string[]]) => {
    const { code, stderr } = await runProgram(program, args)
    if (code !== 0) throw new Error(`${program} ${args.join(' ')}: ${stderr}`)
  }
  const ip = (host: string, text: string) => run('ip', '-n', host, ...text.split(' '))
  const serve = (...[program, ...args]: [string, ...string[]]) => {
    const served = startProgram('ip', ['netns', 'exec', router, program, ...args])
    context.cleanup(() => served.stop())
    context.onFailure(() => `${program}: ${served.output()}`)
    return served
  }
  for (const host of [device, router, relay]) {
    await run('ip', 'netns', 'add', host)
    context.cleanup(() => run('ip', 'netns', 'delete', host))
    await ip(host, 'link set lo up')
    // Without waiting for other hosts that may have the same address.
    await run('ip', 'netns', 'exec', host, 'sysctl', '-qw', 'net.ipv6.conf.default.accept_dad=0')
  }
  await run('ip', 'netns', 'exec', router, 'sysctl', '-qw', 'net.ipv6.conf.all.forwarding=1', 'net.ipv4.ip_forward=1')
  const link = async (host: string, name: string, network: string) => {
    await ip(router, `link add ${name} type veth peer name ${name} netns ${host}`)
    for (const [at, end] of [router, host].entries()) {
      await ip(end, `address add ${network}::${at + 1}/64 dev ${name}`)
      await ip(end, `link set ${name} up`)
    }
    await ip(host, `route add default via ${network}::1 dev ${name} metric ${name === 'up1' ? 100 : 200}`)
  }
  for (const cable of cables) await link(device, cable, CABLES[cable])
  await link(relay, 'net', '2001:db8:3')
  await ip(relay, `address add ${RELAY.ipv6}/128 dev lo`)
  await ip(router, `route add ${RELAY.ipv6}/128 via 2001:db8:3::2`)
  await ip(router, 'address add 192.0.2.254/24 dev net')
  await ip(relay, `address add ${RELAY.ipv4}/24 dev net`)
  await ip(relay, 'route add default via 192.0.2.254')

  const tayga = join(directory, 'tayga.conf')
  await mkdir(join(directory, 'tayga'))
  const settings = ['tun-device nat64', 'ipv4-addr 10.64.0.1', `prefix ${PREFIX}`, `dynamic-pool ${POOL}`]
  await writeFile(tayga, [...settings, `data-dir ${directory}/tayga`, ''].join('\n'))
  await run('ip', 'netns', 'exec', router, 'tayga', '--mktun', '--config', tayga)
  await ip(router, 'link set nat64 up')
  for (const route of [POOL, PREFIX]) await ip(router, `route add ${route} dev nat64`)
  serve('tayga', '--nodetach', '--config', tayga)

  const nameServer = `${CABLES.up1}::1`
  const dnsmasq = ['--no-daemon', '--conf-file=/dev/null', '--no-resolv', '--no-hosts', '--user=root', '--pid-file=']
  const listen = ['--bind-interfaces', `--listen-address=${nameServer}`]
  await serve('dnsmasq', ...dnsmasq, ...listen, '--log-queries', '--log-facility=-', ...names).says(/started/)
  const resolvConf = join(directory, 'resolv.conf')
  await writeFile(resolvConf, `nameserver ${nameServer}\n`)
  const script = 'mount --bind "$0" /etc/resolv.conf && exec "$@"'
  const under = ['unshare', '-m', 'sh', '-c', script, resolvConf, 'ip', 'netns', 'exec', device]

  const nft = (...args: string[]) => run('ip', 'netns', 'exec', router, 'nft', ...args)
  await nft('add table inet t; add chain inet t c { type filter hook prerouting priority 0; }')
  const field = await startField(context, {
    relay: {
      under: ['ip', 'netns', 'exec', relay],
      config: [`ListenAddress ${RELAY.ipv4}`, `ListenAddress ${RELAY.ipv6}`],
    },
    deviceUnder: under,
  })
  await waitFor('the NAT64 to translate', async () => {
    const to = PREFIX.replace('/96', RELAY.ipv4)
    const probe = await runProgram(
      'ip',
      ['netns', 'exec', device, 'socat', '-u', `TCP:[${to}]:${field.relay.port},connect-timeout=1`, 'STDOUT'],
      { timeoutMs: 1_500 },
    )
    return probe.stdout.startsWith('SSH-')
  })
  return {
    field,
    router: { ip: (text: string) => ip(router, text), under: ['ip', 'netns', 'exec', router] },
    /** What runs on the device runs under this. */
    under,
    /** A configuration whose relay has that name. */
    to: (host: string) => ({ relays: field.config().relays.map(one => ({ ...one, host })) }),
    /** Nothing that the device sends by it arrives, and its carrier is there. */
    kill: (cable: Cable) => nft(`add rule inet t c iifname ${cable} drop`),
  }
}
