/** Runs the console bridge: keeps the lines open, and serves the consoles over SSH. */
import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { type DeviceConfig, deviceConfigSchema, namedConsoles, spareConsoles } from '../formats/device-config.ts'
import { deviceConfigPath, directoriesOf, kernelFolders, sharedFilesDirectory } from '../formats/directories.ts'
import { peopleRecordPath } from '../formats/people.ts'
import { powerSocketPath } from '../formats/power-protocol.ts'
import { parseToml } from '../formats/toml-file.ts'
import { HEARTBEAT_MS, heartbeatNow } from '../runtime/boot-clock.ts'
import { systemClock } from '../runtime/clock.ts'
import { watchDescriptors } from '../runtime/descriptors.ts'
import { ConfigurationError, EXIT, type ExitCode, errorMessage, UserError } from '../runtime/errors.ts'
import { createLog, type Logger } from '../runtime/log.ts'
import { serviceManager } from '../runtime/systemd.ts'
import { VERSION } from '../runtime/version.ts'
import { within } from '../runtime/waiting.ts'
import { removeLeftovers } from '../runtime/write-atomically.ts'
import { writeRuntimeFile } from '../runtime/write-runtime-file.ts'
import { AlertWatch, TYPED_MS } from './alerts/alert-watch.ts'
import { Console } from './console/console.ts'
import { lastLeft } from './console/set-line.ts'
import { Events } from './events.ts'
import { readHostKey } from './host-key.ts'
import { keptSettings } from './kept-settings.ts'
import { offerKnownHosts } from './known-hosts.ts'
import { awaitAdapter, openAdapter } from './line/adapter.ts'
import { type Awaited, deviceReturn } from './line/device-return.ts'
import { keepOpen } from './line/keep-open.ts'
import type { OpenLine } from './line/line.ts'
import { Retries } from './line/retries.ts'
import { hasDeviceFile, openLineOf } from './line/schemes.ts'
import { openSerialLine } from './line/serial-line.ts'
import { SHARED_SERIALS_FILE, SharedSerials } from './line/shared-serials.ts'
import { TURN_MS } from './line/turns.ts'
import { napper } from './nap.ts'
import { notesIn } from './notes.ts'
import { supplyOf } from './power-supply.ts'
import { Recordings } from './recordings/recordings.ts'
import { roleNow, seatMemories } from './seat-memories.ts'
import { DEFAULT_LIMITS, type ServerLimits } from './ssh/limits.ts'
import { startServer } from './ssh/server.ts'
import { consoleStatus, describeConsoles } from './status.ts'
import { isClockSynchronized } from './transcript/clock-synchronized.ts'
import { Transcripts } from './transcript/transcripts.ts'
import { SharedFolder } from './transfer/shared-folder.ts'
import { Spool } from './transfer/spool.ts'

export interface BridgeOptions {
  env: NodeJS.ProcessEnv
  signal: AbortSignal
  /** Kinds of line beside device files, by the scheme of their path, such as the lab's `sim`. */
  schemes: Readonly<Record<string, OpenLine>>
  /** What may be a sign that a line of such a kind is back; where it is left out, it is tried again in growing intervals. */
  awaitLine?(path: string): Awaited | undefined
  limits?: Partial<ServerLimits>
  log?: Logger
}

/** Milliseconds for which changes are collected before the status is written. */
const COALESCE_MS = 100
/** Milliseconds after which the status is written when only its counters changed. */
const BEAT_MS = 2_000
/** Milliseconds without a turn after which a line's loop counts as stuck: the heartbeat and the watchdog stop. */
const STUCK_MS = 6 * TURN_MS
/** Milliseconds for which the consoles wait for the transcripts to be opened: a worn card may take long. */
const TRANSCRIPTS_MS = 5_000
/** Milliseconds between two attempts to open a line that is not a device file: after the first failure, and at most. */
const RETRY = { minMs: 1_000, maxMs: 20_000 }
/** Milliseconds for which such a line was open before its loss counts as the first failure. */
const STABLE_MS = 10_000

/**
 * Runs until aborted.
 * @throws UserError, ConfigurationError before it is ready
 */
export async function runBridge({
  env,
  signal,
  schemes,
  awaitLine,
  limits,
  log: given,
}: BridgeOptions): Promise<ExitCode> {
  const clock = systemClock
  const log = given ?? createLog('oobm-console')
  const directories = directoriesOf('oobm-console', env)
  const configFile = deviceConfigPath(env)
  const config = await readConfig(configFile)
  const { bridge } = config
  const hostKey = await readHostKey(directories.credentials, configFile, bridge.hostKey)
  const manager = serviceManager(env, clock.nowMs, err =>
    log.warn({ cause: errorMessage(err) }, 'systemd-notify failed'),
  )
  const statusFile = join(directories.runtime, 'status.json')

  // Ends everything below: the program is stopped, or one of its parts failed.
  const ending = new AbortController()
  const over = AbortSignal.any([signal, ending.signal])
  const nap = napper(clock, over)
  const events = new Events(clock)
  const transcriptFolder = join(directories.state, 'transcript')
  for (const folder of [directories.state, transcriptFolder])
    await removeLeftovers(folder).catch(err => log.warn({ folder, cause: errorMessage(err) }, 'leftovers not removed'))
  const transcripts = await Transcripts.in({
    ...{ directory: transcriptFolder, config, clock, isClockSynchronized, log },
    ...{ bootId: heartbeatNow().bootId, software: VERSION, onChange: nap.wake },
  })
  const kept = await keptSettings(join(directories.state, 'line-settings.json'), log)
  const noteOf = await notesIn(join(directories.state, 'notes.json'), log)
  const memories = await seatMemories(join(directories.state, 'seats.json'), clock, log)
  const named = namedConsoles(config)
  const adapters = {
    ...kernelFolders(env),
    shared: await SharedSerials.read(join(directories.state, SHARED_SERIALS_FILE), log),
    named,
  }
  const all = [...named, ...spareConsoles(config)]
  const recordings = await Recordings.in({
    ...{ file: join(directories.state, 'recordings.jsonl'), consoles: all.map(({ name }) => name) },
    ...{ transcriptOf: console => transcripts.of(console), clock, log },
  })
  const alerts = await AlertWatch.in({
    ...{ file: join(directories.state, 'alerts.json'), consoles: all, clock, log, onChange: nap.wake },
    typistOf: console => consoles.find(({ name }) => name === console)?.typistWithin(TYPED_MS),
  })
  const places = {
    spool: new Spool(join(directories.state, 'transfer')),
    folder: new SharedFolder(sharedFilesDirectory(env)),
  }
  await places.spool.empty()
  const consoles: Console[] = all.map(
    console =>
      new Console({
        ...{ config: console, scrollbackBytes: bridge.scrollbackBytes, clock },
        log: log.child({ console: console.name }),
        notePlace: noteOf(console.name),
        memory: memories.of(console.name, person => roleNow(config, console, person)),
        onChange: nap.wake,
        power: supplyOf(console, named, powerSocketPath(env)),
        recorderOf: scrollback => recordings.listening(console.name, transcripts.recorderOf(console, scrollback)),
        onEvent: (event, span) => events.add(event, span),
        onOutput: alerts.outputOf(console.name),
        settings: { kept: kept.of(console.name), keep: made => kept.keep(console.name, made) },
        onEmpty: console => void lastLeft(console, over),
      }),
  )
  const lines = consoles.map(({ config }) => openLineOf(config, openAdapter(adapters, openSerialLine), schemes))
  const retries = consoles.map(() => new Retries(RETRY, STABLE_MS, Math.random))
  let heartbeat = heartbeatNow()
  const notRecorded = (name: string) => transcripts.troubleOf(name)
  const status = () =>
    consoleStatus(consoles, bridge.port, heartbeat, events.latest, alerts.latest, adapters.shared.all, notRecorded)
  const turnedAtMs = new Map<Console, number>()

  const withdrawKnownHosts = await offerKnownHosts(directories.runtime, bridge.port, bridge.hostKey)
  const recording = new AbortController()
  await within(TRANSCRIPTS_MS, [over], () => transcripts.begin())
  const recorded = transcripts.run(recording.signal)
  void recordings.settle()
  const alerting = alerts.run(recording.signal)
  try {
    const server = await startServer({
      ...{
        hostKey,
        port: bridge.port,
        escapeKey: bridge.escape,
        consoles,
        transcripts,
        recordings,
        alertsOf: name => alerts.of(name),
        places,
        status,
        clock,
        log,
        signal: over,
      },
      technicians: config.technicians,
      peopleRecord: peopleRecordPath(env),
      events,
      limits: { ...DEFAULT_LIMITS, ...limits },
    })
    const parts = consoles.map((console, index) =>
      keepOpen({
        // With the settings that are in force then, not with those of its first opening.
        open: events => (lines[index] as OpenLine)({ ...console.config, ...console.control.settings }, events),
        untilReturn: signal => {
          const { path } = console.config
          const awaited = hasDeviceFile(path) ? awaitAdapter(console.config, adapters) : awaitLine?.(path)
          if (awaited) return deviceReturn(awaited, clock, signal)
          return clock.sleep(retries[index]?.nextMs(clock.nowMs()) ?? RETRY.minMs, signal)
        },
        ...{ clock, signal: over },
        onOpen: line => {
          retries[index]?.opened(clock.nowMs())
          console.lineOpened(line)
        },
        onData: bytes => console.received(bytes),
        onHeld: held => console.lineHeld(held),
        onClosed: cause => console.lineClosed(cause),
        onTurn: () => turnedAtMs.set(console, clock.nowMs()),
      }),
    )
    const isTurning = () => [...turnedAtMs.values()].every(atMs => clock.nowMs() - atMs < STUCK_MS)
    manager.ready()
    log.info({ port: bridge.port, consoles: consoles.map(({ name }) => name) }, 'listening')
    try {
      await Promise.all([...parts, reportStatus(), watchDescriptors(clock, over, endWithoutDescriptors)])
    } finally {
      ending.abort()
      await server.stop()
      await Promise.allSettled(parts)
    }

    /** Writes the status at every change, its counters at every beat, and the heartbeat while all loops turn. */
    async function reportStatus(): Promise<void> {
      let written = ''
      let described = ''
      let beatAtMs = Number.NEGATIVE_INFINITY
      let isWritable = true
      while (!over.aborted) {
        const isAlive = server.listening && isTurning()
        if (isAlive) manager.progress()
        const content = JSON.stringify({ ...status(), heartbeat: null })
        if (content !== written || (isAlive && clock.nowMs() - beatAtMs >= HEARTBEAT_MS)) {
          written = content
          if (isAlive) {
            heartbeat = heartbeatNow()
            beatAtMs = clock.nowMs()
          }
          try {
            writeRuntimeFile(statusFile, `${JSON.stringify(status(), null, 2)}\n`, 0o644)
            isWritable = true
          } catch (err) {
            if (isWritable) log.error({ err }, 'status not written')
            isWritable = false
          }
        }
        const description = describeConsoles(consoles)
        if (description !== described) manager.status(description)
        described = description
        await clock.sleep(COALESCE_MS, over)
        const leftMs = beatAtMs + HEARTBEAT_MS - clock.nowMs()
        await nap.sleep(isAlive ? Math.max(0, Math.min(BEAT_MS, leftMs)) : BEAT_MS)
      }
    }
  } finally {
    // Last: the end of each session is recorded, too.
    await recordings.close()
    await memories.close()
    recording.abort()
    await recorded
    await alerting
    await withdrawKnownHosts()
    await rm(statusFile, { force: true })
  }
  log.info('stopped')
  return EXIT.ok
}

/** A leak does not repair itself, and without descriptors the bridge can open neither a line nor a connection. */
function endWithoutDescriptors(cause: string): never {
  throw new UserError(`oobm-console stops: ${cause}`, EXIT.software)
}

async function readConfig(file: string): Promise<DeviceConfig> {
  let text: string
  try {
    text = await readFile(file, 'utf8')
  } catch (err) {
    const message = `cannot be read (${errorMessage(err)}): import a provisioning file first (oobm import)`
    throw new ConfigurationError(file, [{ line: undefined, key: '', message }], { cause: err })
  }
  return parseToml(file, text, deviceConfigSchema)
}
