/** Many devices in one process: the supervisor's own loop for each, without the daemon around it. Started by storm.ts. */
import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { systemClock as clock } from '../../runtime/clock.ts'
import { type DeviceConfigInput, deviceConfigSchema, intervalsOf, listenersOf } from '../../runtime/device-config.ts'
import { silentLog } from '../../runtime/log.ts'
import { withDeadline } from '../../runtime/with-deadline.ts'
import { probe } from '../../supervisor/proof/probe.ts'
import { connectOnce, type Ending, type Tunnel } from '../../supervisor/tunnel/connect-once.ts'
import { keepConnected } from '../../supervisor/tunnel/keep-connected.ts'
import { Wake } from '../../supervisor/tunnel/wake.ts'

export interface StormDevice {
  config: DeviceConfigInput
  privateKey: string
}

/** One line on standard output. */
export type StormEvent =
  | { device: string; event: 'ready' | 'lost' }
  | { device: string; event: 'failed'; cause: string }

const PROBE_MS = 60_000
/** What every device's sshd and bridge is here: something that greets like one. */
const greeter = createServer(socket => socket.on('error', () => {}).end('SSH-2.0-storm\r\n'))
const devices = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8')) as StormDevice[]
process.stdin.on('end', () => process.exit(0)).resume()
greeter.listen(0, '127.0.0.1', () => {
  for (const device of devices) void live(device)
})

async function live({ config: input, privateKey }: StormDevice): Promise<void> {
  const { signal } = new AbortController()
  const { port } = greeter.address() as AddressInfo
  const config = deviceConfigSchema.parse({ ...input, shell: { port }, bridge: { ...input.bridge, port } })
  const token = randomBytes(16).toString('hex')
  const wake = new Wake(() => {})
  const say = (event: StormEvent) => process.stdout.write(`${JSON.stringify(event)}\n`)
  const common = { config, credentials: { privateKey }, token, ownIdent: 'oobm_storm', signal, log: silentLog }
  await keepConnected({
    relays: config.relays,
    intervals: intervalsOf(config),
    clock,
    random: Math.random,
    wake,
    signal,
    linkUp: () => true,
    onDown: failure => say({ device: config.device, event: 'failed', cause: failure?.cause ?? '' }),
    connect: relay =>
      connectOnce({ ...common, relay, onSessions: () => {}, onOrder: () => {} }, tunnel => whileUp(tunnel)),
  })

  async function whileUp(tunnel: Tunnel): Promise<Ending> {
    const failure = await withDeadline(PROBE_MS, [tunnel.ended], tunnel.openListeners)
    if (failure) return { kind: 'failed', failure }
    const listener = listenersOf(config).shell
    const proof = await withDeadline(PROBE_MS, [tunnel.ended], deadline =>
      probe(tunnel.client, { listener, nowMs: clock.nowMs, signal: deadline }),
    )
    if (!proof.ok) return { kind: 'unproved', cause: proof.cause }
    say({ device: config.device, event: 'ready' })
    await new Promise<void>(resolve => {
      if (tunnel.ended.aborted) resolve()
      tunnel.ended.addEventListener('abort', () => resolve(), { once: true })
    })
    say({ device: config.device, event: 'lost' })
    return { kind: 'lost', cause: tunnel.endCause() }
  }
}
