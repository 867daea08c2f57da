/** Shows a running lab until it is to end: as one screen on a terminal, as lines of text anywhere else. */
import { readFile } from 'node:fs/promises'
import { stripVTControlCharacters } from 'node:util'
import { readConsoleBridge, readSupervisor } from '../device/daemons/read-daemon.ts'
import { STATE_NAMES, STATES } from '../formats/states.ts'
import { systemClock } from '../runtime/clock.ts'
import { createScreen, renderCommands, renderScreen, type ScreenState } from './screen.ts'
import type { Lab } from './start-lab.ts'

/** Milliseconds between two looks: the LED's shortest flash lasts 100 ms. */
const PACE_MS = 50
/** Looks between two searches of all processes for the relay's: that is dear. */
const PIDS_EVERY = 40

/** @param screen false for lines of text, one at each change */
export async function watchLab(lab: Lab, screen: boolean, signal: AbortSignal): Promise<void> {
  const view = screen ? createScreen(process.stdout) : undefined
  let reported = ''
  let hasToldCommands = false
  let state: ScreenState | undefined
  try {
    for (let looks = 0; !signal.aborted; looks++) {
      state = await look(lab, state, looks % PIDS_EVERY === 0)
      view?.draw(renderScreen(state))
      const report = reportLine(state)
      if (!view && report !== reported) process.stdout.write(`${report}\n`)
      // Whoever reads lines must be told what to type as well, once it is of use.
      if (!view && !hasToldCommands && isProved(state)) {
        process.stdout.write(`\n${stripVTControlCharacters(renderCommands(state).join('\n'))}\n\n`)
        hasToldCommands = true
      }
      reported = report
      await systemClock.sleep(PACE_MS, signal)
    }
  } finally {
    view?.close()
  }
}

async function look(lab: Lab, before: ScreenState | undefined, findPids: boolean): Promise<ScreenState> {
  const [supervisor, bridge, ledText] = await Promise.all([
    readSupervisor({ RUNTIME_DIRECTORY: lab.supervisorRuntime }),
    readConsoleBridge({ OOBM_CONSOLE_RUNTIME_DIRECTORY: lab.bridgeRuntime }),
    readFile(lab.led, 'utf8').catch(() => ''),
  ])
  const nowMs = Date.now()
  const led = STATE_NAMES.find(state => state === ledText.trim())
  return {
    directory: lab.directory,
    equipment: lab.equipment,
    supervisor,
    bridge,
    led,
    ledSinceMs: led === before?.led ? (before?.ledSinceMs ?? nowMs) : nowMs,
    nowMs,
    relayPids: findPids || !before ? await lab.relayPids() : before.relayPids,
    deviceSshdPid: lab.deviceSshdPid,
  }
}

function isProved({ supervisor }: ScreenState): boolean {
  return supervisor.running && STATES[supervisor.status.state].reach === 'proved'
}

function reportLine({ supervisor }: ScreenState): string {
  if (supervisor.running) return `${supervisor.status.state}: ${supervisor.status.cause}`
  if (supervisor.state === 'gone') return 'starting: the device has not said anything yet'
  return 'not answering: the supervisor hangs, or its status file cannot be read'
}
