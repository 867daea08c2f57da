/** A fleet of many devices against one relay on this machine: all ready, the relay killed, all ready again. */
import { spawn } from 'node:child_process'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { readDeviceWord } from '../../relay-config/device-word.ts'
import { parseFleet } from '../../relay-config/fleet-config.ts'
import { renderAuthorizedKeys } from '../../relay-config/render/authorized-keys.ts'
import { SSHD_SETTINGS } from '../../relay-config/render/sshd-config.ts'
import { newKeyPair } from '../../runtime/private-key.ts'
import type { TestContext } from '../../tools/suite.ts'
import { freePort } from '../free-port.ts'
import { makeKey } from '../make-key.ts'
import { scratchDirectory } from '../scratch.ts'
import { type Sshd, signalProcess, startSshd } from '../sshd.ts'
import { waitFor } from '../wait-for.ts'
import { median, quantile, table } from './figures.ts'
import { memoryOf } from './memory.ts'
import type { StormDevice, StormEvent } from './storm-devices.ts'

/** Processes that the devices share: one event loop is not the subject of this measurement. */
const PROCESSES = 4
const LIMIT_MS = 300_000
/** Two ports a device, below those that the lab takes (free-port.ts). */
const FIRST_PORT = 4_000

/** @param count how many devices */
export async function storm(context: TestContext, count: number): Promise<string> {
  const directory = await scratchDirectory(context)
  const { startRelay, devices } = await prepare(context, directory, count)
  const relay = await startRelay()
  const load = await startDevices(context, directory, devices)

  const startedMs = performance.now()
  await load.allReady()
  const firstMs = performance.now() - startedMs
  const memory = await relayMemory(relay)
  const failuresAtStart = load.failures()

  load.forget()
  const killedMs = performance.now()
  for (const pid of await relay.descendants()) signalProcess(pid, 'SIGKILL')
  await relay.stop()
  const again = await startRelay()
  await load.allReady()
  const againMs = performance.now() - killedMs
  const restored = load.readyAtMs().map(atMs => atMs - killedMs)
  await again.stop()
  return table([
    [`${count} devices on one relay, this machine for both`, ''],
    ['all ready after', seconds(firstMs)],
    ['attempts that failed meanwhile', String(failuresAtStart)],
    ['relay killed and started: half are ready after', seconds(median(restored))],
    ['95 % are ready after', seconds(quantile(restored, 0.95))],
    ['all are ready after', seconds(againMs)],
    ['attempts that failed meanwhile', String(load.failures())],
    ['relay: processes a device', (memory.processes / count).toFixed(1)],
    ['relay: memory a device (PSS), MB', (memory.pssKb / 1024 / count).toFixed(2)],
  ])
}

async function prepare(context: TestContext, directory: string, count: number) {
  const hostKey = await makeKey(directory, 'host_key')
  const port = await freePort()
  const words = join(directory, 'words')
  await mkdir(words, { mode: 0o700 })
  await writeFile(join(words, 'oobm-device-word'), readDeviceWord(), { mode: 0o755 })
  const target = await greeter(context)
  const names = Array.from({ length: count }, (_, i) => `device${i}`)
  const keys = new Map(names.map(name => [name, newKeyPair(name)]))
  const user = process.env.USER ?? 'root'
  const text = [
    `version = 1\n[[relays]]\nname = "storm"\nhost = "127.0.0.1"\nport = ${port}\nuser = "${user}"`,
    `host_keys = ["${hostKey.publicKey}"]\ndirectory = "${words}"`,
    ...names.map((name, i) => `[[devices]]\nname = "${name}"\nport = ${FIRST_PORT + 2 * i}`),
  ].join('\n')
  const fleet = parseFleet('fleet.toml', text)
  const publicKeys = new Map([...keys].map(([name, { publicKey }]) => [name, publicKey]))
  const authorizedKeys = join(directory, 'authorized_keys')
  for (const relay of fleet.relays) await writeFile(authorizedKeys, renderAuthorizedKeys(fleet, relay, publicKeys))
  const startRelay = async () => {
    const relay = await startSshd({
      directory: join(directory, 'sshd'),
      port,
      hostKey,
      authorizedKeys: [authorizedKeys],
      // As docs/relay.md advises: a reconnect storm is a fleet's normal morning.
      config: [...Object.keys(SSHD_SETTINGS), `MaxStartups ${count}:30:${2 * count}`],
    })
    context.cleanup(() => relay.stop())
    return relay
  }
  const devices = names.map((name, i): StormDevice => {
    const relays = [{ host: '127.0.0.1', port, user, hostKeys: [hostKey.publicKey] }]
    const config = { version: 1, device: name, relays, listenerPort: FIRST_PORT + 2 * i } as const
    const ends = { shell: { port: target }, bridge: { port: target, hostKey: hostKey.publicKey } }
    return { config: { ...config, ...ends, intervals: { timeoutS: 60 } }, privateKey: keys.get(name)?.privateKey ?? '' }
  })
  return { startRelay, devices }
}

/** What every device's sshd and bridge is here: something that greets like one. */
async function greeter(context: TestContext): Promise<number> {
  const server = createServer(socket => socket.on('error', () => {}).end('SSH-2.0-storm\r\n'))
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  context.cleanup(() => server.close())
  return (server.address() as { port: number }).port
}

async function startDevices(context: TestContext, directory: string, devices: StormDevice[]) {
  const ready = new Map<string, number>()
  let failures = 0
  for (let i = 0; i < PROCESSES; i++) {
    const file = join(directory, `devices-${i}.json`)
    await writeFile(file, JSON.stringify(devices.filter((_, at) => at % PROCESSES === i)))
    const script = join(import.meta.dirname, 'storm-devices.ts')
    const child = spawn(process.execPath, ['--import', 'tsx', script, file], { stdio: ['pipe', 'pipe', 'inherit'] })
    context.cleanup(() => child.kill('SIGKILL'))
    createInterface({ input: child.stdout }).on('line', line => {
      const { device, event } = JSON.parse(line) as StormEvent
      if (event === 'ready') ready.set(device, performance.now())
      else ready.delete(device)
      if (event === 'failed') failures++
    })
  }
  return {
    allReady: () =>
      waitFor(`${devices.length} devices to be ready`, () => ready.size === devices.length, { timeoutMs: LIMIT_MS }),
    readyAtMs: () => [...ready.values()],
    failures: () => failures,
    forget: () => {
      ready.clear()
      failures = 0
    },
  }
}

async function relayMemory(relay: Sshd): Promise<{ processes: number; pssKb: number }> {
  const pids = await relay.descendants()
  let pssKb = 0
  for (const pid of pids) {
    if (!(await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => ''))) continue
    pssKb += (await memoryOf(pid).catch(() => ({ pssKb: 0 }))).pssKb || 0
  }
  return { processes: pids.length, pssKb }
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`
}
