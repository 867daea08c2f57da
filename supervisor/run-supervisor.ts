/** Wires the supervisor: configuration → tunnel → proof → status → LED, readable from top to bottom. */
import { setMaxListeners } from 'node:events'
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { intervalsOf } from '../formats/device-config.ts'
import { ledSchema } from '../formats/device-settings.ts'
import {
  consoleRuntimeDirectory,
  type Directories,
  deviceConfigPath,
  directoriesOf,
  loginHistoryDirectory,
  provisioningFaultPath,
} from '../formats/directories.ts'
import { speedResultPath } from '../formats/speed.ts'
import { STATE_NAMES, type State } from '../formats/states.ts'
import { systemClock as clock } from '../runtime/clock.ts'
import { watchDescriptors } from '../runtime/descriptors.ts'
import { EXIT, type ExitCode, UserError } from '../runtime/errors.ts'
import { createLog, type Logger } from '../runtime/log.ts'
import { type ServiceManager, serviceManager } from '../runtime/systemd.ts'
import { readSignals } from '../runtime/wireless.ts'
import { pathOf as systemPath } from '../transport/path-of.ts'
import { type ButtonStatus, serveButton } from './button/serve-button.ts'
import { Hotspot } from './hotspot/hotspot.ts'
import { type Led, openLed } from './led/led.ts'
import { LAMP_TEST_S } from './led/pattern.ts'
import { keepLastGood, type Loaded, loadConfiguration, type Places, swapConfiguration } from './load-configuration.ts'
import { BoardPace } from './loop/board-pace.ts'
import { Progress } from './loop/progress.ts'
import { Broadcast } from './loop/wake.ts'
import { readUplink, readUplinks } from './network/uplink.ts'
import { applyDesk } from './recovery/ask-apply.ts'
import { applyInbox } from './settings/apply-inbox.ts'
import { Reporter } from './status/report-to-relay.ts'
import { StatusKeeper } from './status/status-keeper.ts'
import { type ToldAlerts, toldAlertsIn } from './status/told-alerts.ts'
import { statusWriter } from './status/write-status.ts'
import { type Daemon, supervise } from './supervise.ts'
import { watchRequests } from './watch-requests.ts'

/** Milliseconds between two looks at a configuration that is missing or wrong. */
const UNCONFIGURED_LOOK_MS = 3_000
/** Milliseconds between a press that ends this process and its end: the relay is told, and the LED says that it was felt. */
const TELL_MS = 2_000
/** Milliseconds between two derivations of the status: facts expire. */
const TURN_MS = 1_000
/**
 * Runs until the signal is aborted. Returns earlier only when a configuration came to a device that had none: a new
 * start then reads it, with the secrets that systemd hands over at a start only.
 * @param pathOf how an interface is used; the system's unless it is given
 * @throws a system error when its own directories cannot be used; a UserError when it runs out of descriptors
 */
export async function runSupervisor(
  env: NodeJS.ProcessEnv,
  told: AbortSignal,
  pathOf: Daemon['pathOf'] = systemPath,
): Promise<ExitCode> {
  const log = createLog('oobm-supervisor')
  const directories = directoriesOf('oobm', env)
  const places = { file: deviceConfigPath(env), ...directories, provisioningFault: provisioningFaultPath(env) }
  await mkdir(directories.runtime, { recursive: true })
  const loaded = await loadConfiguration(places)
  const manager = serviceManager(env, clock.nowMs, err => log.warn({ err }, 'systemd could not be notified'))
  const led = await openLed(loaded.usable?.config.led ?? ledSchema.parse({}), log)
  const over = new AbortController()
  const signal = AbortSignal.any([told, over.signal])
  // Every wait of every loop listens to it.
  setMaxListeners(0, signal)
  const reporter = reporterFor(loaded, await toldAlertsIn(directories.state, log))
  const keeper = keepStatus(loaded, { directories, led, manager, reporter, log })
  const progress = new Progress(clock)
  const events = new Broadcast()
  const pace = new BoardPace(process.uptime() * 1000)
  const bridgeDirectory = consoleRuntimeDirectory(env)
  const historyDirectory = loginHistoryDirectory(env)
  const daemon: Daemon = {
    env,
    directories,
    bridgeDirectory,
    historyDirectory,
    keeper,
    reporter,
    inbox: applyInbox(env, clock.wallMs),
    led,
    events,
    progress,
    pace,
    pathOf,
    requests: {},
    signal,
    log,
  }
  manager.extendWatchdog(pace.watchdogMs)
  manager.ready()
  const stopTurning = keepTurning(daemon, manager)
  let full: string | undefined
  watchDescriptors(clock, signal, cause => {
    full = cause
    over.abort()
  })
  try {
    keeper.report({ configurationFault: loaded.fault }, loaded.isPassedOver ? { onLastGood: true } : {})
    const hotspot = new Hotspot({
      ...{ env, desk: applyDesk(env), keeper, uplinks: readUplinks, clock, log },
    })
    void hotspot.run(signal).catch(err => log.error({ err }, 'nobody looks after the hotspot'))
    void serveOwnButton(loaded, daemon, hotspot, places, () => over.abort()).catch(err =>
      log.error({ err }, 'nobody looks at the button'),
    )
    const serve = (name: string, text: string, uid: number) => serveRequest({ name, text, uid }, daemon, hotspot)
    await watchRequests(directories.runtime, serve, signal)
    if (loaded.usable) {
      const { text } = loaded.usable
      await supervise(loaded.usable, daemon, () => {
        keepLastGood(directories.state, text).catch(err =>
          log.warn({ err }, 'the proved configuration could not be saved'),
        )
      })
    } else await untilConfigured(places, daemon)
  } finally {
    stopTurning()
    await led.close()
    await keeper.close()
    await rm(join(directories.runtime, 'status.json'), { force: true })
    await rm(join(directories.runtime, 'selftest.keys'), { force: true })
    await rm(speedResultPath(directories.runtime), { force: true })
  }
  if (full !== undefined) throw new UserError(full, EXIT.software)
  return EXIT.ok
}

function keepStatus(
  { usable }: Loaded,
  how: { directories: Directories; led: Led; manager: ServiceManager; reporter: Reporter; log: Logger },
): StatusKeeper {
  const { directories, led, manager, reporter, log } = how
  const intervals = usable && intervalsOf(usable.config)
  let known: string | undefined
  const writer = statusWriter(directories.runtime, fault => {
    if (fault === known) return
    known = fault
    if (fault !== undefined) log.error({ fault }, 'the status file cannot be written')
    keeper.report({ statusFault: fault })
  })
  const limits = {
    // Another supervisor is asked for with each probe.
    othersMaxAgeMs: Math.max((intervals?.slowRetryS ?? 0) * 3, (intervals?.probeS ?? 0) * 2) * 1000,
  }
  const keeper = new StatusKeeper(usable?.config.device ?? 'unconfigured', limits, clock, {
    changed: status => {
      led.show(status.state)
      manager.status(`${status.state}: ${status.cause}`)
      log.info(status, 'status')
    },
    write: status => {
      writer.write(status)
      reporter.update(status)
    },
    close: () => writer.flush(),
  })
  return keeper
}

/** Reports the status, and who is on the consoles, to relays. */
function reporterFor({ usable }: Loaded, toldAlerts: ToldAlerts): Reporter {
  const intervals = usable && intervalsOf(usable.config)
  const { keepaliveS = 15, reportS = 300 } = intervals ?? {}
  return new Reporter({ clock, pingS: keepaliveS, idleMs: reportS * 1000, readUplink, readSignals, toldAlerts })
}

/**
 * Derives the status on a timer that no loop holds up, and feeds the watchdog while every loop turns. A board on which this
 * timer itself comes late is slow, not stuck: systemd is asked for more patience.
 */
function keepTurning({ keeper, progress, pace, log }: Daemon, manager: ServiceManager): () => void {
  let dueMs = clock.nowMs() + TURN_MS
  let isStuck = false
  const timer = setInterval(() => {
    const nowMs = clock.nowMs()
    const lateMs = nowMs - dueMs
    dueMs = nowMs + TURN_MS
    pace.turn(Math.max(0, lateMs))
    manager.extendWatchdog(pace.watchdogMs)
    const { stuck } = progress
    // Without a heartbeat, readers say that the supervisor does not answer: what it knows may be old.
    keeper.refresh(stuck.length === 0)
    if (stuck.length === 0) manager.progress()
    else if (!isStuck) log.error({ stuck }, 'a loop is stuck: the watchdog is no longer fed')
    isStuck = stuck.length > 0
  }, TURN_MS)
  return () => clearInterval(timer)
}

/** A device without a configuration stays up to say so on its LED, and waits for one. */
async function untilConfigured(places: Places, { signal, log }: Daemon): Promise<void> {
  while (!signal.aborted) {
    await clock.sleep(UNCONFIGURED_LOOK_MS, signal)
    const { usable } = await loadConfiguration(places)
    if (usable) return log.info({ file: places.file }, 'found a configuration: restarting with it')
  }
}

/** @param end ends this process: systemd starts it anew */
async function serveOwnButton(
  { usable }: Loaded,
  { env, led, events, keeper, reporter, signal, log }: Daemon,
  hotspot: Hotspot,
  places: Places,
  end: () => void,
): Promise<void> {
  const button = usable?.config.button
  if (button === undefined) return
  const effects = {
    led,
    test: () => events.notify('test'),
    hotspot: () => hotspot.ask('on'),
    swapConfiguration: async () => {
      const { isOther, outcome } = await swapConfiguration(places)
      if (isOther) setTimeout(end, TELL_MS)
      return outcome
    },
    report: (status: ButtonStatus) => keeper.report({}, { button: status }),
    tell: (detail: string) => reporter.buttonPressed(detail),
  }
  await serveButton(button, effects, { clock, env, signal, log })
}

function serveRequest(
  { name, text, uid }: { name: string; text: string; uid: number },
  { events, led, requests, log }: Daemon,
  hotspot: Hotspot,
): void {
  log.info({ request: name, text, uid }, 'asked')
  if (name === 'test') events.notify('test')
  if (name === 'speed') requests.speed?.(text)
  // It may take the only way out: an administrator's decision, or that of who stands beside the board.
  const isAdministrator = uid === 0 || uid === process.getuid?.()
  if (name === 'hotspot' && isAdministrator && (text === 'on' || text === 'off')) hotspot.ask(text)
  if (name === 'led' && isState(text)) led.show(text, LAMP_TEST_S * 1000)
}

function isState(text: string): text is State {
  return STATE_NAMES.some(state => state === text)
}
