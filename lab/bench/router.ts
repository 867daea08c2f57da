/** What the role `router` takes of a processor for each Mbit/s, beside plain forwarding by the kernel, in turns; packets of 1500 bytes. */
import { readdir, readFile } from 'node:fs/promises'
import { ADDRESS, missingForRouter, type RouterSite, startRouterSite } from '../../router/testing/router-site.ts'
import { EXIT, UserError } from '../../runtime/errors.ts'
import type { TestContext } from '../../testbed/suite.ts'
import { table } from './figures.ts'

const TURNS = 9
const PACKETS = 60_000
/** With its headers a packet has 1500. */
const PAYLOAD = 1_472
const MBITS = (PACKETS * 1_500 * 8) / 1e6
/** Of a host, and of what it sends to: the way out, and one cable from end to end. */
const HOST = '192.168.77.50'
const ENDS = { routed: '10.64.0.1', direct: '10.50.0.1' }
/** Far above what a machine moves: the shaper works, and does not slow. */
const UNREACHED_KBIT = 10_000_000

/**
 * Sends packets of a host, and prints the seconds of a processor that they took. All of the way is in it, to the end where nobody
 * reads: the kernel does it for whoever sends.
 */
const SEND = `
import socket, sys, time
line = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
line.connect((sys.argv[1], 85))
part = bytes(${PAYLOAD})
def send(count):
    for _ in range(count):
        try: line.send(part)
        except OSError: pass
send(2000)
before = time.process_time()
send(${PACKETS})
print(time.process_time() - before)
`
/** Takes them, and leaves them: no answer goes back. */
const KEEP =
  "import socket, time; s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.bind(('0.0.0.0', 85)); print('up', flush=True); time.sleep(900)"

const KINDS = ['one cable, no forwarding', 'plain forwarding', 'role router', 'role router, uplink_kbit'] as const
type Kind = (typeof KINDS)[number]

export async function routerBench(context: TestContext): Promise<string> {
  const missing = missingForRouter()
  if (missing !== undefined) throw new UserError(`ROW=router ${missing}`, EXIT.unavailable)
  const site = await startRouterSite(context)
  const send = await site.file('send.py', SEND)
  await site.sh('ip link add d0 netns hosts type veth peer name d1 netns net')
  await site.atHosts(`ip address add 10.50.0.2/24 dev d0; ip link set d0 up; ip address add ${HOST}/24 dev h0`)
  await site.atHosts(`ip route add default via ${ADDRESS}`)
  await site.atNet('ip address add 10.50.0.1/24 dev d1; ip link set d1 up; ip route add 192.168.77.0/24 via 10.64.0.5')
  await site.carries('wwan0')
  const keeper = site.startAt('net', 'python3', '-c', KEEP)
  await keeper.says(/^up$/m)
  const samples = new Map<Kind, number[]>(KINDS.map(kind => [kind, []]))
  for (let turn = 0; turn < TURNS; turn++)
    for (const kind of KINDS) samples.get(kind)?.push(await withRole(site, kind, to => cpuMsFor(site, send, to)))
  // The least of all turns: whatever else runs takes caches away, and gives nothing back.
  const least = (kind: Kind) => Math.min(...(samples.get(kind) ?? []))
  const own = (kind: Kind) => least(kind) - least(KINDS[0])
  const rows = KINDS.map(kind => [
    kind,
    ((least(kind) * MBITS) / PACKETS / 1e-3).toFixed(2),
    ...(kind === KINDS[0]
      ? []
      : [own(kind).toFixed(3), `${(own(kind) / 10).toFixed(3)} %`, `${(own(kind) / own(KINDS[1])).toFixed(2)}x`]),
  ])
  return table([['', 'µs/packet', 'forwarding, ms/Mbit', 'of a processor for 1 Mbit/s', 'to plain'], ...rows])
}

async function withRole(site: RouterSite, kind: Kind, measure: (to: string) => Promise<number>): Promise<number> {
  if (kind === 'one cable, no forwarding') return measure(ENDS.direct)
  const forwarding = (value: 0 | 1) =>
    site.sh(`sysctl -qw net.ipv4.conf.eth0.forwarding=${value} net.ipv4.conf.wwan0.forwarding=${value}`)
  if (kind === 'plain forwarding') {
    await forwarding(1)
    const sample = await measure(ENDS.routed)
    await forwarding(0)
    return sample
  }
  const kbit = `uplink_kbit = { up = ${UNREACHED_KBIT}, down = ${UNREACHED_KBIT} }\n`
  await site.configure(`[[uplinks]]\ninterface = "wwan0"\n${kind === 'role router' ? '' : kbit}`)
  const router = await site.startRouter()
  const sample = await measure(ENDS.routed)
  await router.stop()
  return sample
}

/** Milliseconds of a processor for a megabit. */
async function cpuMsFor(site: RouterSite, send: string, to: string): Promise<number> {
  const before = await kernelCpuS()
  const sending = Number(await site.atHosts(`python3 ${send} ${to}`))
  return ((sending + (await kernelCpuS()) - before) * 1_000) / MBITS
}

/** Of the kernel's threads for packets that wait: all else is charged to whoever sends or takes. In nanoseconds there (sched-stats). */
async function kernelCpuS(): Promise<number> {
  const pids = (await readdir('/proc')).filter(name => /^\d+$/.test(name))
  const used = pids.map(async pid => {
    const read = (name: string) => readFile(`/proc/${pid}/${name}`, 'utf8').catch(() => '')
    return (await read('comm')).startsWith('ksoftirqd/') ? Number.parseInt(await read('schedstat'), 10) : 0
  })
  return (await Promise.all(used)).reduce((sum, one) => sum + one, 0) / 1e9
}
