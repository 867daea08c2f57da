/** Wires the supervisor: configuration → tunnel → proof → status → LED, readable from top to bottom. */
import { randomBytes } from 'node:crypto'
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { systemClock as clock } from '../runtime/clock.ts'
import { intervalsOf, ledSchema, type RelayConfig } from '../runtime/device-config.ts'
import {
  consoleRuntimeDirectory,
  type Directories,
  deviceConfigPath,
  directoriesOf,
  provisioningFaultPath,
} from '../runtime/directories.ts'
import { EXIT, type ExitCode } from '../runtime/errors.ts'
import { createLog, type Logger } from '../runtime/log.ts'
import { WORDS, type Word } from '../runtime/status-words.ts'
import { type ServiceManager, serviceManager } from '../runtime/systemd.ts'
import { withDeadline } from '../runtime/with-deadline.ts'
import { type Led, openLed } from './led/led.ts'
import { type Configuration, keepLastGood, type Loaded, loadConfiguration, type Places } from './load-configuration.ts'
import { readUplink } from './network/uplink.ts'
import { watchNetwork } from './network/watch-network.ts'
import { selfTest } from './proof/self-test.ts'
import { installSelftestKey } from './proof/selftest-key.ts'
import { proofReports } from './status/proof-reports.ts'
import { Reporter } from './status/report-to-relay.ts'
import { StatusKeeper } from './status/status-keeper.ts'
import { type StatusWriter, statusWriter } from './status/write-status.ts'
import { askBridge, dismissPeople } from './tunnel/ask-bridge.ts'
import { connectOnce } from './tunnel/connect-once.ts'
import type { RelayOrder } from './tunnel/control-channel.ts'
import { holdTunnel } from './tunnel/hold-tunnel.ts'
import { keepConnected } from './tunnel/keep-connected.ts'
import { Orders } from './tunnel/orders.ts'
import { Wake } from './tunnel/wake.ts'
import { watchTunnel } from './tunnel/watch-tunnel.ts'
import { watchRequests } from './watch-requests.ts'

/** Milliseconds between two looks at a configuration that is missing or wrong. */
const UNCONFIGURED_LOOK_MS = 3_000
/** Milliseconds that `oobm led WORD` shows a word. */
const LAMP_TEST_MS = 10_000
/** Milliseconds that the bridge has to say who is on its consoles. */
const BRIDGE_MS = 5_000

/** Everything that lives as long as the process. */
interface Daemon {
  directories: Directories
  /** Where the console bridge has its run-time files. */
  bridgeDirectory: string
  places: Places
  manager: ServiceManager
  writer: StatusWriter
  led: Led
  wake: Wake
  reporter: Reporter
  signal: AbortSignal
  log: Logger
}

/**
 * Runs until the signal is aborted. Returns earlier only when a configuration came to a device that had none: a new
 * start then reads it, with the secrets that systemd hands over at a start only.
 * @throws a system error when its own directories cannot be used
 */
export async function runSupervisor(env: NodeJS.ProcessEnv, signal: AbortSignal): Promise<ExitCode> {
  const log = createLog('oobm-supervisor')
  const directories = directoriesOf('oobm', env)
  const places = { file: deviceConfigPath(env), ...directories, provisioningFault: provisioningFaultPath(env) }
  await mkdir(directories.runtime, { recursive: true })
  const loaded = await loadConfiguration(places)
  const manager = serviceManager(env, clock.nowMs, err => log.warn({ err }, 'systemd was not told'))
  const writer = statusWriter(directories.runtime, err => log.error({ err }, 'the status file cannot be written'))
  const led = await openLed(loaded.usable?.config.led ?? ledSchema.parse({}), log)
  const bridgeDirectory = consoleRuntimeDirectory(env)
  const reporter = reporterFor(loaded, bridgeDirectory)
  const keeper = keepStatus(loaded, { writer, led, manager, reporter, log })
  const wake = new Wake(() => {
    manager.progress()
    keeper.refresh()
  })
  const daemon = { directories, bridgeDirectory, places, manager, writer, led, wake, reporter, signal, log }
  manager.ready()
  try {
    keeper.report({ configurationFault: loaded.fault })
    await watchRequests(directories.runtime, (name, text) => serveRequest(name, text, daemon), signal)
    if (loaded.usable) await supervise(loaded.usable, keeper, daemon)
    else await untilConfigured(daemon)
  } finally {
    await led.close()
    await writer.flush()
    await rm(join(directories.runtime, 'status.json'), { force: true })
    await rm(join(directories.runtime, 'selftest.keys'), { force: true })
  }
  return EXIT.ok
}

function keepStatus(
  { usable }: Loaded,
  { writer, led, manager, reporter, log }: Pick<Daemon, 'writer' | 'led' | 'manager' | 'reporter' | 'log'>,
) {
  const intervals = usable && intervalsOf(usable.config)
  const limits = {
    // Two self-tests in a row that did not come round.
    proofMaxAgeMs: ((intervals?.selftestS ?? 0) * 2 + 120) * 1000,
    othersMaxAgeMs: (intervals?.slowRetryS ?? 0) * 3 * 1000,
  }
  return new StatusKeeper(usable?.config.device ?? 'unconfigured', limits, clock, {
    changed: status => {
      led.show(status.word)
      manager.status(`${status.word}: ${status.cause}`)
      log.info(status, 'status')
    },
    write: status => {
      writer.write(status)
      reporter.update(status)
    },
  })
}

/** Tells relays what the status says, and who is on the consoles. */
function reporterFor({ usable }: Loaded, directory: string): Reporter {
  const ask = (signal: AbortSignal) =>
    withDeadline(BRIDGE_MS, [signal], async deadline =>
      usable ? askBridge({ ...usable.config.bridge, directory, signal: deadline }) : undefined,
    )
  return new Reporter({ clock, askBridge: ask, readUplink })
}

/** A device without a configuration stays up to say so on its LED, and waits for one. */
async function untilConfigured({ places, wake, signal, log }: Daemon): Promise<void> {
  while (!signal.aborted) {
    await wake.wait(UNCONFIGURED_LOOK_MS, [signal])
    const { usable } = await loadConfiguration(places)
    if (usable) return log.info({ file: places.file }, 'a configuration came: starting anew with it')
  }
}

async function supervise({ config, credentials, text }: Configuration, keeper: StatusKeeper, daemon: Daemon) {
  const { directories, wake, reporter, signal, log } = daemon
  const key = await installSelftestKey(directories.runtime, config.selftest.user)
  const token = randomBytes(16).toString('hex')
  const ownIdent = `oobm_selftest_${randomBytes(4).toString('hex')}`
  const reports = proofReports(keeper, clock, () => {
    keepLastGood(directories.state, text).catch(err => log.warn({ err }, 'the proved configuration was not kept'))
  })
  const orders = new Orders(config.relays, clock)
  const network = watchNetwork(config.relays, () => wake.notify('network'), signal, log)

  await keepConnected({
    relays: config.relays,
    intervals: intervalsOf(config),
    clock,
    random: Math.random,
    wake,
    signal,
    linkUp: network.linkUp,
    onDown: (failure, retryMs) => reports.down(failure, network.linkUp(), retryMs),
    connect: relay => {
      const intervals = intervalsOf(config)
      const bridge = { ...config.bridge, directory: daemon.bridgeDirectory }
      const forwarding = { onSessions: () => {} }
      return connectOnce(
        {
          ...{ config, relay, credentials, token, ownIdent, signal, log },
          onSessions: () => forwarding.onSessions(),
          onOrder: order => obey(order, relay, orders, daemon),
        },
        async tunnel => {
          forwarding.onSessions = () => keeper.report({ sessions: tunnel.forwarding.sessions() })
          const reporting = tunnel.control && reporter.serve(tunnel.control, tunnel.ended)
          reporting?.catch(err => log.error({ err }, 'the relay gets no reports'))
          const selfTestOf = (deadline: AbortSignal) =>
            selfTest({ config, relay, credentials, key, ident: ownIdent, nowMs: clock.nowMs, signal: deadline })
          return holdTunnel(tunnel, {
            ...{ orders, wake, signal, timeoutMs: intervals.timeoutS * 1000 },
            farewell: deadline => dismissPeople({ ...bridge, signal: deadline }, config.device, orders.offBy),
            onState: state => reports.up(relay, state === 'open' ? 0 : orders.offForMs()),
            prove: closing =>
              watchTunnel(tunnel, {
                ...{ intervals, clock, random: Math.random, wake, signal, closing, log },
                ...{ report: reports, selfTest: selfTestOf },
              }),
          })
        },
      )
    },
  })
}

/** The relay's word. Nothing in it can make a device trust anything but what its configuration says. */
function obey(order: RelayOrder, relay: RelayConfig, orders: Orders, { led, log }: Daemon): void {
  log.info({ relay: relay.host, order }, 'the relay says')
  switch (order.word) {
    case 'maintenance':
      orders.maintenance(order)
      break
    case 'blink':
      led.show('here', order.seconds * 1000)
      break
    case 'relay':
      if (!orders.redirect(order, relay)) log.warn({ order }, 'that is no relay of the configuration: staying')
      break
    default:
      order satisfies never
  }
}

function serveRequest(name: string, text: string, { wake, led, log }: Daemon): void {
  log.info({ request: name, text }, 'asked')
  if (name === 'test') wake.notify('test')
  if (name === 'led' && isWord(text)) led.show(text, LAMP_TEST_MS)
}

function isWord(text: string): text is Word {
  return WORDS.some(word => word === text)
}
