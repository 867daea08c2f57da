/** Measures how long many devices take from a relay that is killed to the other one, and what they wait for meanwhile. */
import { readFile } from 'node:fs/promises'
import { cpus } from 'node:os'
import { newKeyPair } from '../../formats/private-key.ts'
import { runProgram } from '../../testbed/run-program.ts'
import { scratchDirectory } from '../../testbed/scratch.ts'
import type { TestContext } from '../../testbed/suite.ts'
import { meterCpu } from './cpu-meter.ts'
import { median, quantile, table } from './figures.ts'
import { startDevices } from './storm.ts'
import { RELAY, type StormRelay, startStormRelay } from './storm-relay.ts'

const FIRST_PORT = 4_000
const ADDRESSES = ['192.0.2.1', '192.0.2.2'] as const

/** @param count devices, all at the first of two relays */
export async function failover(context: TestContext, count: number): Promise<string> {
  if (process.getuid?.() !== 0) return 'not measured: this needs root, because each relay is a host of its own'
  const directory = await scratchDirectory(context)
  const names = Array.from({ length: count }, (_, i) => `device${i}`)
  const keys = names.map((name, i) => ({ name, listenerPort: FIRST_PORT + 2 * i, ...newKeyPair(name) }))
  const [first, second] = [await startStormRelay(context, keys), await startStormRelay(context, keys)]
  await join(first, second)
  await first.start()
  const relays = [first, second].map(({ hostKey }, at) => ({
    ...RELAY,
    host: ADDRESSES[at] ?? '',
    hostKeys: [hostKey],
  }))
  const devices = keys.map(({ name, listenerPort, privateKey }) => ({
    config: { version: 1, device: name, relays, listenerPort, bridge: { hostKey: first.hostKey } } as const,
    privateKey,
  }))
  const load = await startDevices(context, directory, devices, first.inside)
  await load.allReady()
  // Not before: a device that a busy relay does not answer goes to the next one.
  await second.start()

  load.forget()
  const relayMs = await meterCpu(context, await second.processes())
  const devicesMs = await meterCpu(context, load.pids())
  const busyBeforeMs = await busyMs()
  const killedMs = performance.now()
  await first.crash()
  await load.allReady()
  const allBusyMs = (await busyMs()) - busyBeforeMs
  const tookMs = Math.max(...load.readyAtMs()) - killedMs
  const [relayCpuMs, devicesCpuMs] = [await relayMs(), await devicesMs()]
  const otherMs = allBusyMs - relayCpuMs - devicesCpuMs
  const at = load.readyAtMs().map(ms => ms - killedMs)
  const waited = load.waitedMs()
  const share = (ms: number) => `${((100 * ms) / (tookMs * cpus().length)).toFixed(0)} %`
  return table([
    [`${count} devices, their relay killed`, 'half', '95 %', 'all'],
    ['proved at the other one after', seconds(median(at)), seconds(quantile(at, 0.95)), seconds(tookMs)],
    [
      'of that, what they waited by their own choice',
      ...[median(waited), quantile(waited, 0.95), Math.max(...waited)].map(seconds),
    ],
    [''],
    ['', 'ms each', `of ${cpus().length} processors`],
    ['processor time of the relay', (relayCpuMs / count).toFixed(1), share(relayCpuMs)],
    ['processor time of the devices', (devicesCpuMs / count).toFixed(1), share(devicesCpuMs)],
    ['all else on this machine', '', share(otherMs)],
    ...[...load.failures].sort().map(([cause, times]) => [`  ${cause}`, String(times)]),
  ])
}

/** A cable between the two hosts. */
async function join(first: StormRelay, second: StormRelay): Promise<void> {
  const peer = `ip link add relay type veth peer name relay netns ${second.host.pid}`
  const up = (address: string) => `ip address add ${address}/24 dev relay && ip link set relay up`
  const lines = [
    [first, `${peer} && ${up(ADDRESSES[0])}`],
    [second, up(ADDRESSES[1])],
  ] as const
  for (const [
    {
      inside: [command = '', ...args],
    },
    line,
  ] of lines) {
    const { code, stderr } = await runProgram(command, [...args, 'sh', '-c', line])
    if (code !== 0) throw new Error(`${line}: ${stderr}`)
  }
}

/** Of all processors, for whatever runs here (proc_stat(5)). */
async function busyMs(): Promise<number> {
  const [, user, nice, system, , , irq, softirq] = (await readFile('/proc/stat', 'utf8')).split(/\s+/).map(Number)
  return [user, nice, system, irq, softirq].reduce<number>((sum, ticks) => sum + (ticks ?? 0) * 10, 0)
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`
}
