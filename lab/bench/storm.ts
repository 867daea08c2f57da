/** Measures how long many devices take to be ready on one relay, and again after the relay was killed. */
import { type ChildProcess, spawn } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { newKeyPair } from '../../formats/private-key.ts'
import { errorMessage } from '../../runtime/errors.ts'
import { scratchDirectory } from '../../testbed/scratch.ts'
import type { TestContext } from '../../testbed/suite.ts'
import { waitFor } from '../../testbed/wait-for.ts'
import { meterCpu } from './cpu-meter.ts'
import { median, quantile, table } from './figures.ts'
import { memoryOf } from './memory.ts'
import type { StormDevice, StormEvent } from './storm-devices.ts'
import { RELAY, type StormRelay, startStormRelay } from './storm-relay.ts'

/** Processes that run the devices: more than one, so that one event loop does not limit the measurement. */
const PROCESSES = 4
const LIMIT_MS = 600_000
/** Milliseconds between two lines about those that are ready so far. */
const SAY_MS = 5_000
/** Each device has two ports, all below those that the lab takes (testbed/free-port.ts). */
const FIRST_PORT = 4_000

/** @param count how many devices */
export async function storm(context: TestContext, count: number): Promise<string> {
  if (process.getuid?.() !== 0) return 'not measured: this needs root, because the relay is a host of its own'
  const directory = await scratchDirectory(context)
  const names = Array.from({ length: count }, (_, i) => `device${i}`)
  const keys = names.map((name, i) => ({ name, listenerPort: FIRST_PORT + 2 * i, ...newKeyPair(name) }))
  const relay = await startStormRelay(context, keys)
  await relay.start()
  const devices = keys.map(({ name, listenerPort, privateKey }): StormDevice => {
    const relays = [{ ...RELAY, hostKeys: [relay.hostKey] }]
    const bridge = { hostKey: relay.hostKey }
    const config = { version: 1, device: name, relays, listenerPort, bridge, intervals: { timeoutS: 60 } } as const
    return { config, privateKey }
  })
  const relayMs = await meterCpu(context, await relay.processes())
  const startedMs = performance.now()
  const load = await startDevices(context, directory, devices, relay.inside)
  await load.allReady()
  const first = await round(load, relay, startedMs)
  const loginMs = (await relayMs()) / count
  const cost = await costOf(await relay.processes())

  load.forget()
  const killedMs = performance.now()
  await relay.crash()
  await relay.start()
  await load.allReady()
  const again = await round(load, relay, killedMs)
  const causes = [...new Set([...first.failures.keys(), ...again.failures.keys()])].sort()
  return table([
    [`${count} devices on one dedicated relay, this machine for both`, 'start', 'relay killed'],
    [`(${relay.maxStartups})`, '', ''],
    ['half are ready after', ...[first, again].map(({ readyMs }) => seconds(median(readyMs)))],
    ['95 % are ready after', ...[first, again].map(({ readyMs }) => seconds(quantile(readyMs, 0.95)))],
    ['all are ready after', ...[first, again].map(({ readyMs }) => seconds(Math.max(...readyMs)))],
    ['connections that sshd refused', ...[first, again].map(({ dropped }) => String(dropped))],
    [
      'tunnels lost and attempts that failed',
      ...[first, again].map(({ failures }) => String(sum([...failures.values()]))),
    ],
    ...causes.map(cause => [`  ${cause}`, ...[first, again].map(({ failures }) => String(failures.get(cause) ?? 0))]),
    ['relay: processor time of a login, ms', loginMs.toFixed(1), ''],
    ['relay: processes a device', (cost.processes / count).toFixed(1), ''],
    ['relay: memory a device (PSS), MB', (cost.pssKb / 1024 / count).toFixed(2), ''],
  ])
}

interface Round {
  readyMs: number[]
  failures: ReadonlyMap<string, number>
  dropped: number
}

async function round(load: Load, relay: StormRelay, sinceMs: number): Promise<Round> {
  return {
    readyMs: load.readyAtMs().map(atMs => atMs - sinceMs),
    failures: new Map(load.failures),
    dropped: await relay.droppedByMaxStartups(),
  }
}

export interface Load {
  allReady(): Promise<unknown>
  readyAtMs(): number[]
  /** How long each waited by its own choice before that. */
  waitedMs(): number[]
  /** Its processes. */
  pids(): number[]
  /** Number of failed attempts by cause. */
  failures: ReadonlyMap<string, number>
  /** Resets the counts. */
  forget(): void
  /** Ends them. */
  stop(): Promise<void>
}

/** Starts them in processes of their own. */
export async function startDevices(
  context: TestContext,
  directory: string,
  devices: StormDevice[],
  inside: string[],
): Promise<Load> {
  const ready = new Map<string, { atMs: number; waitedMs: number }>()
  const failures = new Map<string, number>()
  const children: ChildProcess[] = []
  for (let i = 0; i < PROCESSES; i++) {
    const file = join(directory, `devices-${i}.json`)
    await writeFile(file, JSON.stringify(devices.filter((_, at) => at % PROCESSES === i)))
    const script = join(import.meta.dirname, 'storm-devices.ts')
    const [command = '', ...args] = [...inside, process.execPath, '--import', 'tsx', script, file]
    const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] })
    children.push(child)
    context.cleanup(() => child.kill('SIGKILL'))
    createInterface({ input: child.stdout }).on('line', line => {
      const event = JSON.parse(line) as StormEvent
      if (event.event === 'ready') ready.set(event.device, { atMs: performance.now(), waitedMs: event.waitedMs })
      else ready.delete(event.device)
      if (event.event !== 'failed') return
      const cause = event.cause.replaceAll(/\d+/g, 'N')
      failures.set(cause, (failures.get(cause) ?? 0) + 1)
    })
  }
  return {
    allReady: async () => {
      let saidMs = performance.now()
      const isReady = () => {
        if (performance.now() - saidMs > SAY_MS) {
          saidMs = performance.now()
          process.stderr.write(`${ready.size} of ${devices.length} are ready; ${causesOf(failures)}\n`)
        }
        return ready.size === devices.length
      }
      await waitFor(`${devices.length} devices to be ready`, isReady, { timeoutMs: LIMIT_MS }).catch(err => {
        throw new Error(`${errorMessage(err)}: ${ready.size} are; ${causesOf(failures)}`)
      })
    },
    readyAtMs: () => [...ready.values()].map(({ atMs }) => atMs),
    waitedMs: () => [...ready.values()].map(({ waitedMs }) => waitedMs),
    pids: () => children.flatMap(({ pid }) => pid ?? []),
    failures,
    forget: () => {
      ready.clear()
      failures.clear()
    },
    stop: async () => {
      for (const child of children) child.kill('SIGKILL')
    },
  }
}

/** What processes of a relay take. */
export interface Cost {
  processes: number
  pssKb: number
  ussKb: number
}

export async function costOf(pids: number[]): Promise<Cost> {
  const cost = { processes: pids.length, pssKb: 0, ussKb: 0 }
  for (const pid of pids) {
    const { pssKb, ussKb } = await memoryOf(pid).catch(() => ({ pssKb: 0, ussKb: 0 }))
    cost.pssKb += pssKb || 0
    cost.ussKb += ussKb || 0
  }
  return cost
}

function causesOf(failures: ReadonlyMap<string, number>): string {
  const all = [...failures].map(([cause, times]) => `${times} times: ${cause}`)
  return all.length === 0 ? 'no attempt failed' : `attempts failed ${all.join('; ')}`
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`
}

function sum(numbers: number[]): number {
  return numbers.reduce((all, one) => all + one, 0)
}
