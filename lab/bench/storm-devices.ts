/** Runs many devices in one process: each one's tunnel, without the daemon around it. Started by storm.ts. */
import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import {
  type DeviceConfigInput,
  deviceConfigSchema,
  intervalsOf,
  type RelayConfig,
} from '../../formats/device-config.ts'
import { listenersOf } from '../../formats/listeners.ts'
import { systemClock as clock } from '../../runtime/clock.ts'
import { silentLog } from '../../runtime/log.ts'
import { whenAborted, within } from '../../runtime/waiting.ts'
import type { Failure } from '../../supervisor/failure.ts'
import { Patience } from '../../supervisor/loop/patience.ts'
import { RelayChoice } from '../../supervisor/loop/relay-choice.ts'
import { retryWaitMs, synMs } from '../../supervisor/loop/retry-plan.ts'
import { dialLocal } from '../../supervisor/network/dial-local.ts'
import { probe } from '../../supervisor/proof/probe.ts'
import { connect } from '../../supervisor/ssh/connect.ts'
import { establish } from '../../supervisor/tunnel/establish.ts'
import { reachRelay } from '../../supervisor/tunnel/reach-relay.ts'
import { createDialler } from '../../transport/dial.ts'
import type { Rung } from '../../transport/way.ts'

export interface StormDevice {
  config: DeviceConfigInput
  privateKey: string
  /** Plain SSH unless it is given. */
  rung?: Rung
}

/** Written as one line of JSON on standard output. */
export type StormEvent =
  | { device: string; event: 'lost' }
  /** `waitedMs`: of the time since its tunnel was lost, or since the start, what it waited for by its own choice. */
  | { device: string; event: 'ready'; waitedMs: number }
  | { device: string; event: 'failed'; cause: string }

const PROBE_MS = 60_000
/** Stands in for every device's sshd and bridge: it sends an SSH greeting. */
const greeter = createServer(socket => socket.on('error', () => {}).end('SSH-2.0-storm\r\n'))
const devices = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8')) as StormDevice[]
process.stdin.on('end', () => process.exit(0)).resume()
greeter.listen(0, '127.0.0.1', () => {
  for (const device of devices) void live(device)
})

async function live({ config: input, privateKey, rung = 'direct' }: StormDevice): Promise<void> {
  const { port } = greeter.address() as AddressInfo
  const config = deviceConfigSchema.parse({ ...input, shell: { port }, bridge: { ...input.bridge, port } })
  const intervals = intervalsOf(config)
  const choice = new RelayChoice(config.relays)
  const { signal } = new AbortController()
  const patience = new Patience({ baseMs: intervals.timeoutS * 1000, clock, slowness: () => 1 })
  const { dial } = createDialler()
  const token = randomBytes(16).toString('hex')
  const common = { config, token, ownIdent: 'oobm_storm', mayEvict: true, dialLocal, clock, log: silentLog }
  const say = (event: StormEvent) => process.stdout.write(`${JSON.stringify(event)}\n`)
  let downSinceMs = clock.nowMs()
  let waitedMs = 0
  for (;;) {
    // As loop/keep-connected.ts does.
    const failure = await once(choice.present)
    if (failure === undefined) {
      choice.lostProved()
      downSinceMs = clock.nowMs()
      waitedMs = 0
    } else {
      choice.failed(failure)
      say({ device: config.device, event: 'failed', cause: failure.cause })
    }
    const { lastFailures } = choice
    const situation = { isFirst: failure === undefined, downMs: clock.nowMs() - downSinceMs, lastFailures }
    const waitMs = retryWaitMs(situation, intervals, Math.random)
    waitedMs += waitMs
    await clock.sleep(waitMs, signal)
  }

  /** Runs one tunnel from beginning to end. @returns why it failed, or undefined after one that was proved */
  async function once(relay: RelayConfig): Promise<Failure | undefined> {
    const how = { credentials: { privateKey }, dial, connect, clock, synMs: synMs(clock.nowMs() - downSinceMs) }
    const reached = await reachRelay({
      ...how,
      via: { rung },
      relay,
      greetMs: patience.stepMs / 2,
      stepMs: patience.stepMs,
      signal,
    })
    if (!reached.ok) return reached.failure
    const { connection, via } = reached
    try {
      const made = await patience.step([connection.closed], deadline =>
        establish(connection, { ...common, relay, via, signal: deadline, onSessions: () => {}, onOrder: () => {} }),
      )
      if (!made?.ok) return made?.failure ?? { state: 'no-relay', cause: 'no answer after the login' }
      const failure = await within(PROBE_MS, [connection.closed], made.tunnel.openListeners)
      if (failure.kind !== 'done') return { state: 'no-relay', cause: 'no answer for the listeners' }
      if (failure.value) return failure.value
      const listener = listenersOf(config.listenerPort).shell
      const proof = await within(PROBE_MS, [connection.closed], deadline =>
        probe(connection, { listener, nowMs: clock.nowMs, signal: deadline }),
      )
      if (proof.kind !== 'done' || !proof.value.ok) return { state: 'unproved', cause: 'the probe failed' }
      say({ device: config.device, event: 'ready', waitedMs })
      await whenAborted(connection.closed)
      say({ device: config.device, event: 'lost' })
      return undefined
    } finally {
      connection.destroy()
    }
  }
}
