/** A board in namespaces: hosts at eth0, and an internet behind wlan0 and wwan0; `oobm-router` and dnsmasq run as their units do. */
import { spawnSync } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import type { RouterSpec, RouterStatus } from '../../formats/router.ts'
import { programArgs } from '../../testbed/programs.ts'
import { type Program, runProgram, startProgram } from '../../testbed/run-program.ts'
import { scratchDirectory } from '../../testbed/scratch.ts'
import type { TestContext } from '../../testbed/suite.ts'
import { waitFor } from '../../testbed/wait-for.ts'

export const ADDRESS = '192.168.77.1'
/** A server on the internet. */
export const SERVER = '203.0.113.9'
const UIDS = { router: 64_998, dhcp: 64_999 }

const PROGRAMS = ['nft', 'tc', 'ip', 'dnsmasq', 'busybox', 'socat', 'setpriv', 'nsenter', 'curl', 'ping']

/** What is missing here for such a site. */
export function missingForRouter(): string | undefined {
  if (spawnSync('unshare', ['-m', '-n', '-p', '-f', 'true']).status !== 0) return 'needs root'
  return PROGRAMS.filter(name => spawnSync('sh', ['-c', `command -v ${name}`]).status !== 0).map(
    name => `needs ${name}`,
  )[0]
}

/** As systemd.netdev names are: an interface of the board, the other end, its network. */
const SETUP = `
mount -t tmpfs none /run
mount -t sysfs -o ro sysfs /sys
mkdir -p /run/netns /run/oobm /run/oobm-provision /run/oobm-router/${ADDRESS} /run/oobm-dhcp/${ADDRESS} /run/state /run/systemd/netif/links
chown ${UIDS.router} /run/oobm-router/${ADDRESS} /run/state
chown ${UIDS.dhcp} /run/oobm-dhcp/${ADDRESS}
chmod -R go+rX /run
cp /etc/passwd /run/passwd
echo 'oobm-dhcp:x:${UIDS.dhcp}:${UIDS.dhcp}::/:/bin/false' >>/run/passwd
mount --bind /run/passwd /etc/passwd
: >/run/resolv.conf
mount --bind /run/resolv.conf /etc/resolv.conf
ip link set lo up
sysctl -qw net.ipv4.conf.all.rp_filter=2 net.ipv4.conf.all.arp_ignore=1 net.ipv4.conf.all.arp_announce=2
for pair in hosts:eth0:h0 net:wlan0:w0 net:wwan0:m0; do
  IFS=: read -r space own other <<EOF
$pair
EOF
  [ -e /run/netns/$space ] || ip netns add $space
  ip link add $own type veth peer name $other netns $space
  ip link set $own up
  ip -n $space link set lo up
  ip -n $space link set $other up
done
ip address add ${ADDRESS}/24 dev eth0
ip address add 10.0.0.5/24 dev wlan0
ip address add 10.64.0.5/24 dev wwan0
ip route add default via 10.0.0.1 dev wlan0 metric 600
ip route add default via 10.64.0.1 dev wwan0 metric 700
ip -n net address add 10.0.0.1/24 dev w0
ip -n net address add 10.64.0.1/24 dev m0
ip -n net address add ${SERVER}/32 dev lo
for link in wlan0:10.0.0.1 wwan0:10.64.0.1; do
  echo "DNS=\${link#*:}" >/run/systemd/netif/links/$(cat /sys/class/net/\${link%:*}/ifindex)
done
echo made
exec sleep 900`

export interface RouterSite {
  /** Runs a line of shell: on the board, at the hosts, on the internet. @returns what it prints */
  sh(line: string): Promise<string>
  atHosts(line: string): Promise<string>
  atNet(line: string): Promise<string>
  /** The same, with its code. */
  tryAt(space: 'hosts' | 'net', line: string): Promise<{ code: number | null; text: string }>
  /** Programs that run until they are stopped. */
  start(command: string, ...args: string[]): Program
  startAt(space: string, command: string, ...args: string[]): Program
  /** `oobm-router` and dnsmasq. */
  startRouter(): Promise<{ router: Program; stop(): Promise<void>; kill(): Promise<void> }>
  clean(): Promise<void>
  status(): Promise<RouterStatus>
  file(name: string, content: string): Promise<string>
  /** What the supervisor says: which interface carries the tunnel; none where it does not run. */
  carries(name: string | undefined): Promise<void>
  configure(uplinks: string): Promise<void>
}

const SPEC: RouterSpec = {
  version: 1,
  ...{ interface: 'eth0', address: ADDRESS, prefixLength: 24, routes: true },
  dhcp: { first: '192.168.77.100', last: '192.168.77.199' },
  installations: [],
}

export async function startRouterSite(context: TestContext, spec: Partial<RouterSpec> = {}): Promise<RouterSite> {
  const directory = await scratchDirectory(context)
  await runProgram('chmod', ['755', directory])
  const machine = startProgram('unshare', ['-m', '-n', '-p', '-f', '--mount-proc', '--kill-child', 'sh', '-euc', SETUP])
  context.cleanup(() => machine.stop())
  context.onFailure(() => machine.output())
  await machine.says(/^made$/m)
  const inside = (await readFile(`/proc/${machine.pid}/task/${machine.pid}/children`, 'utf8')).trim()
  const enter = ['-t', inside, '-m', '-n', '-p']
  const tryRun = async (args: string[]) => {
    const { code, stdout, stderr } = await runProgram('nsenter', [...enter, ...args], { timeoutMs: 180_000 })
    return { code, text: stdout + stderr }
  }
  const run = async (args: string[]) => {
    const { code, stdout, stderr } = await runProgram('nsenter', [...enter, ...args], { timeoutMs: 180_000 })
    assert.is(code, 0, `${args.join(' ')}: ${stdout}${stderr}`)
    return stdout
  }
  const start = (command: string, ...args: string[]) => {
    const program = startProgram('nsenter', [...enter, command, ...args])
    context.cleanup(() => program.stop())
    context.onFailure(() => `${command} ${args.slice(0, 3).join(' ')}:\n${program.output()}`)
    return program
  }
  const sh = (line: string) => run(['sh', '-euc', line])
  const at = (space: string) => (line: string) => run(['ip', 'netns', 'exec', space, 'sh', '-euc', line])
  const file = async (name: string, content: string) => {
    await writeFile(join(directory, name), content)
    return join(directory, name)
  }
  const put = async (path: string, content: string) => {
    const source = await file('file', content)
    await sh(`cp ${source} ${path}.new && chmod 644 ${path}.new && mv ${path}.new ${path}`)
  }
  await put(`/run/oobm-provision/router-${ADDRESS}`, JSON.stringify({ ...SPEC, ...spec }))

  const as = (uid: number, capabilities: string) => [
    'setpriv',
    ...[`--reuid=${uid}`, `--regid=${uid}`, '--clear-groups', '--no-new-privs'],
    ...['--inh-caps', '--ambient-caps', '--bounding-set'].map(option => `${option}=-all,${capabilities}`),
  ]
  const environment = [
    'env',
    '-C',
    join(import.meta.dirname, '../..'),
    'OOBM_ROUTER_STATE=/run/state',
    'OOBM_CONFIG=/run/device.toml',
    'TMPDIR=/tmp',
  ]
  const routerArgs = (...args: string[]) => [
    ...as(UIDS.router, '+net_admin'),
    ...environment,
    process.execPath,
    ...programArgs('router/main.ts'),
    ...args,
  ]
  const status = async () => JSON.parse(await sh(`cat /run/oobm-router/${ADDRESS}/status.json`)) as RouterStatus
  const clean = async () => void (await run(routerArgs('--clean', ADDRESS)))
  return {
    ...{ sh, start, file, clean, status },
    atHosts: at('hosts'),
    atNet: at('net'),
    tryAt: (space, line) => tryRun(['ip', 'netns', 'exec', space, 'sh', '-euc', line]),
    startAt: (space, command, ...args) => start('ip', 'netns', 'exec', space, command, ...args),
    startRouter: async () => {
      // nsenter(1) has a child there, and hands no signal on.
      const router = start('sh', '-c', 'echo $$ >/run/router.pid; exec "$@"', 'sh', ...routerArgs(ADDRESS))
      await waitFor(
        'the router',
        async () => {
          if (router.ended()) throw new Error(`oobm-router ended:\n${router.output()}`)
          return (await tryRun(['test', '-e', `/run/oobm-router/${ADDRESS}/status.json`])).code === 0
        },
        { timeoutMs: 60_000, paceMs: 200 },
      )
      const dhcpCapabilities = '+net_admin,+net_raw,+net_bind_service'
      const dnsmasqArgs = [
        ...as(UIDS.dhcp, dhcpCapabilities),
        'dnsmasq',
        '-C',
        `/run/oobm-router/${ADDRESS}/dnsmasq.conf`,
        '--pid-file=',
      ]
      const dnsmasq = start('sh', '-c', 'echo $$ >/run/dnsmasq.pid; exec "$@"', 'sh', ...dnsmasqArgs)
      const end = async (signal: string) => {
        await sh(`kill -${signal} $(cat /run/router.pid)`)
        await waitFor('its end', () => router.ended())
        await sh(`kill $(cat /run/dnsmasq.pid)`)
        await waitFor('its end', () => dnsmasq.ended())
        await clean()
        await sh(`rm -f /run/oobm-router/${ADDRESS}/*`)
      }
      return { router, stop: () => end('TERM'), kill: () => end('KILL') }
    },
    carries: async name => {
      if (name === undefined) return void (await sh('rm -f /run/oobm/status.json'))
      const bootId = (await sh('cat /proc/sys/kernel/random/boot_id')).trim()
      await put('/run/oobm/status.json', JSON.stringify(supervisorStatus(name, bootId)))
    },
    configure: uplinks => put('/run/device.toml', `version = 1\ndevice = "rack1"\n${uplinks}`),
  }
}

/** Of a supervisor that never falls silent: its last sign of life is of the future. */
function supervisorStatus(carrying: string, bootId: string) {
  const uplink = (name: string) => ({
    ...{ name, kind: name === 'wlan0' ? 'wifi' : 'modem', metered: false, carries: name === carrying },
    ...{ provedAt: null, why: '', dayBytes: null },
  })
  return {
    ...{ version: 1, device: 'rack1', software: '0', pid: 1, heartbeat: { bootId, uptimeMs: 1e12 } },
    ...{ state: 'ready', cause: 'proved', since: 0, relay: null, connectedAt: null },
    proof: { provedAt: null, by: null, tookMs: null, attempt: null, probeMs: null },
    uplinks: [uplink('wlan0'), uplink('wwan0')],
    ...{ sessions: { shell: 0, console: 0 }, retryAt: null, changes: [] },
  }
}
