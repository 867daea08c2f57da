/** What the role `router` takes of a processor for each Mbit/s, beside plain forwarding by the kernel, in turns; packets of 1500 bytes. */
import { readdir, readFile } from 'node:fs/promises'
import { ADDRESS, missingForRouter, type RouterSite, startRouterSite } from '../../router/testing/router-site.ts'
import { EXIT, UserError } from '../../runtime/errors.ts'
import type { TestContext } from '../../testbed/suite.ts'
import { median, table } from './figures.ts'

const TURNS = 7
const MB = 100
const MBITS = MB * 8
/** Of a host, and of what it downloads from: the way out, and one cable from end to end. */
const HOST = '192.168.77.50'
const ENDS = { routed: '10.64.0.1', direct: '10.50.0.1' }
/** Far above what a machine moves: the shaper works, and does not slow. */
const UNREACHED_KBIT = 10_000_000

/** Gives MB megabytes to whoever connects; both ends say the seconds of a processor that they took. */
const SEND = `
import socket, time
listener = socket.create_server(('0.0.0.0', 85))
print('up', flush=True)
part = bytes(65536)
while True:
    line, _ = listener.accept()
    before = time.process_time()
    left = ${MB} * 1000000
    while left > 0:
        left -= line.send(part[:min(left, 65536)])
    line.send(b'%12.6f' % (time.process_time() - before))
    line.close()
`
const TAKE = `
import socket, sys, time
start, before = time.monotonic(), time.process_time()
line = socket.create_connection((sys.argv[1], 85))
end = b''
while True:
    part = line.recv(262144)
    if not part: break
    end = (end + part)[-12:]
print(time.monotonic() - start, time.process_time() - before, float(end))
`

interface Sample {
  mbits: number
  /** Milliseconds of a processor for a megabit. */
  cpuMs: number
}

const KINDS = ['one cable, no forwarding', 'plain forwarding', 'role router', 'role router, uplink_kbit'] as const
type Kind = (typeof KINDS)[number]

export async function routerBench(context: TestContext): Promise<string> {
  const missing = missingForRouter()
  if (missing !== undefined) throw new UserError(`ROW=router ${missing}`, EXIT.unavailable)
  const site = await startRouterSite(context)
  const [send, take] = [await site.file('send.py', SEND), await site.file('take.py', TAKE)]
  await site.sh('ip link add d0 netns hosts type veth peer name d1 netns net')
  await site.atHosts(`ip address add 10.50.0.2/24 dev d0; ip link set d0 up; ip address add ${HOST}/24 dev h0`)
  await site.atHosts(`ip route add default via ${ADDRESS}`)
  await site.atNet('ip address add 10.50.0.1/24 dev d1; ip link set d1 up; ip route add 192.168.77.0/24 via 10.64.0.5')
  // As from a cable: a kernel hands packets of 64 KB from one namespace to the next, and no board ever sees such.
  await site.atHosts('for one in h0 d0; do ip link set $one gso_max_segs 1 gso_max_size 1500; done')
  await site.atNet('for one in m0 d1; do ip link set $one gso_max_segs 1 gso_max_size 1500; done')
  await site.carries('wwan0')
  const sender = site.startAt('net', 'python3', send)
  await sender.says(/^up$/m)
  const samples = new Map<Kind, Sample[]>(KINDS.map(kind => [kind, []]))
  for (let turn = 0; turn < TURNS; turn++)
    for (const kind of KINDS) samples.get(kind)?.push(await withRole(site, kind, to => transfer(site, take, to)))
  const of = (kind: Kind, key: keyof Sample) => (samples.get(kind) ?? []).map(sample => sample[key])
  // The least of all turns: whatever else runs takes caches away, and gives nothing back.
  const cpuMs = (kind: Kind) => Math.min(...of(kind, 'cpuMs'))
  const own = (kind: Kind) => cpuMs(kind) - cpuMs(KINDS[0])
  const rows = KINDS.map(kind => [
    kind,
    median(of(kind, 'mbits')).toFixed(0),
    cpuMs(kind).toFixed(3),
    kind === KINDS[0] ? '' : own(kind).toFixed(3),
    kind === KINDS[0] ? '' : `${(own(kind) / own(KINDS[1])).toFixed(2)}x`,
  ])
  const head = ['', 'Mbit/s', 'CPU ms/Mbit', 'of it forwarding', 'to plain']
  return `${table([head, ...rows])}\n1 ms/Mbit: 0.1 % of a processor for each Mbit/s`
}

async function withRole(site: RouterSite, kind: Kind, measure: (to: string) => Promise<Sample>): Promise<Sample> {
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

async function transfer(site: RouterSite, take: string, to: string): Promise<Sample> {
  const before = await kernelCpuS()
  const [seconds = 0, taking = 0, sending = 0] = (await site.atHosts(`python3 ${take} ${to}`)).split(' ').map(Number)
  const cpuS = taking + sending + ((await kernelCpuS()) - before)
  return { mbits: MBITS / seconds, cpuMs: (cpuS * 1_000) / MBITS }
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
