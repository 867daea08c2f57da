/** The program `oobm-modem`: dials the modems of `[[cellular]]` through ModemManager, and tells networkd their networks. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as z from 'zod'
import { ANY_MODEM, type CellularConfig, cellularList } from '../formats/cellular-settings.ts'
import { modemDirectories } from '../formats/directories.ts'
import type { ModemStatus } from '../formats/modem-status.ts'
import { parseToml } from '../formats/toml-file.ts'
import { HEARTBEAT_MS, heartbeatNow } from '../runtime/boot-clock.ts'
import { systemClock } from '../runtime/clock.ts'
import { EXIT, type ExitCode, errorMessage, UserError } from '../runtime/errors.ts'
import type { Logger } from '../runtime/log.ts'
import { printable } from '../runtime/printable.ts'
import { controllerUnder, OVER } from '../runtime/waiting.ts'
import { writeRuntimeFile } from '../runtime/write-runtime-file.ts'
import { type Bus, connectBus } from './bus/connect-bus.ts'
import { BACKOFF, Dialler } from './dialler.ts'
import { MATCHES } from './modem-manager/names.ts'
import { readModems } from './modem-manager/read-modems.ts'
import { assignModems } from './next-step.ts'
import { PinMemory } from './pin-memory.ts'

/** The settings as a unit hands them over: `oobm provision` writes them. */
export const SETTINGS_FILE = 'cellular.toml'
export const cellularFileSchema = z.strictObject({ cellular: cellularList })

export interface ModemsOptions {
  env: NodeJS.ProcessEnv
  signal: AbortSignal
  log: Logger
}

/** Milliseconds between two looks where nothing is reported. */
const LOOK_MS = 15_000
/** Milliseconds after a report: ModemManager makes many at once. */
const SETTLE_MS = 300
/** Milliseconds without a look after which this program counts as stuck: longer than every deadline of one. */
const STUCK_MS = 120_000
const RELOAD_MS = 30_000

/** Runs until aborted. @throws UserError */
export async function runModems({ env, signal, log }: ModemsOptions): Promise<ExitCode> {
  const clock = systemClock
  const { runtime, state, credentials } = modemDirectories(env)
  const entries = await readSettings(join(credentials, SETTINGS_FILE))
  const pins = await PinMemory.open(state)
  let nap = new AbortController()
  const wake = () => nap.abort(OVER)
  let bus: Bus | undefined
  // A test has no five minutes.
  const { OOBM_MODEM_BACKOFF_MS: shortMs } = env
  const backoff = shortMs === undefined ? BACKOFF : { minMs: Number(shortMs), maxMs: Number(shortMs) * 4 }
  const diallers = entries.map(
    (config, slot) =>
      new Dialler({
        ...{ config, pins, backoff, clock, signal, log: log.child({ modem: config.interface }) },
        random: Math.random,
        onChange: wake,
        tell: async network => {
          writeRuntimeFile(join(runtime, networkFile(slot)), network, 0o644)
          await reloadNetworkd(bus, signal)
        },
      }),
  )
  let lookedMs = clock.nowMs()
  const publish = publisher(join(runtime, 'status.json'), diallers, log)
  const beat = setInterval(() => {
    if (clock.nowMs() - lookedMs < STUCK_MS) publish('beat')
  }, HEARTBEAT_MS)
  publish('change')
  try {
    while (!signal.aborted) {
      nap = new AbortController()
      lookedMs = clock.nowMs()
      try {
        bus ??= await openBus(env, wake, signal)
        const modems = await readModems(bus, signal)
        const assigned = assignModems(entries, modems, ANY_MODEM)
        for (const [at, dialler] of diallers.entries()) await dialler.look(assigned[at], bus)
      } catch (err) {
        if (signal.aborted) break
        for (const dialler of diallers) dialler.lost(printable(errorMessage(err)))
        // It may be the bus itself: the next look begins anew.
        bus?.close()
        bus = undefined
      }
      publish('change')
      await rest(diallers, nap.signal)
    }
  } finally {
    clearInterval(beat)
    bus?.close()
  }
  return EXIT.ok

  async function rest(all: readonly Dialler[], awake: AbortSignal): Promise<void> {
    const dues = all.flatMap(({ dueMs }) => (dueMs === undefined ? [] : [dueMs - clock.nowMs()]))
    const resting = controllerUnder(signal, awake)
    await clock.sleep(Math.max(SETTLE_MS, Math.min(LOOK_MS, ...dues)), resting.signal)
    resting.release()
    await clock.sleep(SETTLE_MS, signal)
  }
}

/** Below /run/oobm-modem; `oobm provision` points networkd there. */
export function networkFile(slot: number): string {
  return `${slot}.network`
}

async function openBus(env: NodeJS.ProcessEnv, onSignal: () => void, signal: AbortSignal): Promise<Bus> {
  const bus = await connectBus({ address: env.DBUS_SYSTEM_BUS_ADDRESS, matches: MATCHES, onSignal, signal })
  void bus.closed.then(onSignal)
  return bus
}

/** networkctl(1), reload: it takes over what changed, and leaves the rest alone. */
async function reloadNetworkd(bus: Bus | undefined, signal: AbortSignal): Promise<void> {
  const at = { destination: 'org.freedesktop.network1', path: '/org/freedesktop/network1' }
  const call = { ...at, interface: 'org.freedesktop.network1.Manager', member: 'Reload', limitMs: RELOAD_MS }
  try {
    await bus?.call(call, signal)
  } catch (err) {
    throw new Error(`systemd-networkd: ${errorMessage(err)}`, { cause: err })
  }
}

/** Writes the status where it has changed, and at each beat. */
function publisher(path: string, diallers: readonly Dialler[], log: Logger): (why: 'change' | 'beat') => void {
  let written = ''
  return why => {
    const modems = diallers.map(dialler => dialler.entry())
    const text = JSON.stringify(modems)
    if (why === 'change' && text === written) return
    const status: ModemStatus = { version: 1, pid: process.pid, heartbeat: heartbeatNow(), modems }
    try {
      writeRuntimeFile(path, JSON.stringify(status), 0o644)
      written = text
    } catch (err) {
      log.error({ err }, 'the status cannot be written')
    }
  }
}

async function readSettings(file: string): Promise<CellularConfig[]> {
  let text: string
  try {
    text = await readFile(file, 'utf8')
  } catch (err) {
    throw new UserError(`${file}: ${errorMessage(err)}; "oobm provision" makes it`, EXIT.configuration, { cause: err })
  }
  return parseToml(file, text, cellularFileSchema).cellular
}
