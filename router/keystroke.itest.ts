/** How long a keystroke takes over the tunnel while a host downloads 100 MB, through a modem with a long queue. */
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { suite } from '../testbed/suite.ts'
import { waitFor } from '../testbed/wait-for.ts'
import { missingForRouter, SERVER, startRouterSite } from './testing/router-site.ts'

const test = suite('keystrokes beside downloads')
/** Of the modem. */
const KBIT = { up: 5_000, down: 20_000 }
const DELAY_MS = 30
const QUEUE_MS = 400
const MB = 100

/** A key every 100 ms over a connection from the internet that stays open, as a console's does; prints the milliseconds of each. */
const KEYS = `
import socket, sys, time
line = socket.create_connection(('10.99.0.2', 2022))
line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
for _ in range(int(sys.argv[1])):
    start = time.monotonic()
    line.send(b'x')
    line.recv(1)
    print(round((time.monotonic() - start) * 1000, 1), flush=True)
    time.sleep(0.1)
`

const missing = missingForRouter()
if (missing !== undefined) test.skip('a keystroke stays quick', missing)
else {
  for (const isShaped of [true, false])
    test(
      `a keystroke ${isShaped ? 'takes at most twice as long' : 'waits for the modem without uplink_kbit'}`,
      async context => {
        const site = await startRouterSite(context)
        const modem = site.start(
          'python3',
          join(import.meta.dirname, '../testbed/modem.py'),
          ...['self', 'wwan1', '10.99.0.2/24', '/run/netns/net', 'm1', '10.99.0.1/24'],
          ...[KBIT.up, KBIT.down, DELAY_MS, QUEUE_MS].map(String),
        )
        await modem.says(/^up$/m)
        await site.sh('ip route add default via 10.99.0.1 dev wwan1 metric 50')
        const { up, down } = KBIT
        const rates = isShaped ? `uplink_kbit = { up = ${up}, down = ${down} }\n` : ''
        await site.configure(`[[uplinks]]\ninterface = "wwan1"\n${rates}`)
        await site.startRouter()
        await site.atHosts('ip address add 192.168.77.50/24 dev h0; ip route add default via 192.168.77.1')
        // What answers on the board stands for its end of the tunnel: the same packets over the same modem.
        site.start('socat', 'TCP-LISTEN:2022,fork,reuseaddr,nodelay', 'EXEC:cat')
        site.startAt('net', 'socat', 'TCP-LISTEN:83,fork,reuseaddr', `SYSTEM:head -c ${MB}000000 /dev/zero`)
        const keys = await site.file('keys.py', KEYS)
        const roundTrips = async (count: number) => {
          const text = await site.atNet(`python3 ${keys} ${count}`)
          return text
            .trim()
            .split('\n')
            .map(Number)
            .sort((a, b) => a - b)
        }
        const at = (sorted: number[], share: number) => sorted[Math.floor(sorted.length * share)] ?? 0
        const idle = await roundTrips(50)
        const startedMs = performance.now()
        const download = site.startAt('hosts', 'sh', '-c', `socat -u -T20 TCP:${SERVER}:83 - | wc -c`)
        await new Promise(resolve => setTimeout(resolve, 3_000))
        const busy = await roundTrips(150)
        const figures = `idle ${at(idle, 0.5)} ms, 95 % ${at(idle, 0.95)}; busy ${at(busy, 0.5)} ms, 95 % ${at(busy, 0.95)}`
        if (isShaped) {
          await waitFor('the download', () => download.ended(), { timeoutMs: 150_000, paceMs: 500 })
          assert.is(download.output().trim(), `${MB}000000`)
          const mbits = (MB * 8_000) / (performance.now() - startedMs)
          process.stdout.write(`${figures}; ${mbits.toFixed(1)} Mbit/s\n`)
          assert.ok(at(busy, 0.5) <= 2 * at(idle, 0.5), figures)
        } else {
          process.stdout.write(`${figures}, without uplink_kbit\n`)
          assert.ok(at(busy, 0.5) > at(idle, 0.5), `${figures}: the modem of this test has no queue`)
        }
      },
      { timeoutMs: 300_000 },
    )
}

test.run()
