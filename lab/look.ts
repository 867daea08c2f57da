/** How a lab is at one moment, read from the files of its programs. */
import { readFile } from 'node:fs/promises'
import { type Reading, readConsoleBridge, readSupervisor } from '../device/daemons/read-daemon.ts'
import { STATE_NAMES, type State } from '../formats/states.ts'
import type { ConsoleStatus, SupervisorStatus } from '../formats/status-file.ts'
import type { Broken } from './break-table.ts'
import type { Breaks } from './breaks.ts'
import type { Lab, LabDevice } from './start-lab.ts'

export type DaemonName = 'supervisor' | 'bridge'

export interface DeviceLook {
  name: string
  console: string
  equipment: string
  supervisor: Reading<SupervisorStatus>
  bridge: Reading<ConsoleStatus>
  /** As it was said last; undefined before it was. */
  state: State | undefined
  /** Process ids that were seen last. */
  pids: Record<DaemonName, number | undefined>
  /** What the LED's file holds; undefined while it is dark. */
  led: State | undefined
  /** When it began to show that, in milliseconds since 1970. */
  ledSinceMs: number
}

export interface Look {
  devices: readonly DeviceLook[]
  broken: readonly Broken[]
  /** Milliseconds since 1970. */
  atMs: number
}

export async function lookAt(lab: Lab, breaks: Breaks, before: Look | undefined): Promise<Look> {
  const atMs = Date.now()
  const devices = lab.devices.map((device, index) => lookAtDevice(device, before?.devices[index], atMs))
  return { devices: await Promise.all(devices), broken: breaks.broken, atMs }
}

async function lookAtDevice(
  { name, console, equipment, supervisorRuntime, bridgeRuntime, led: ledFile }: LabDevice,
  before: DeviceLook | undefined,
  atMs: number,
): Promise<DeviceLook> {
  const [supervisor, bridge, ledText] = await Promise.all([
    readSupervisor({ RUNTIME_DIRECTORY: supervisorRuntime }),
    readConsoleBridge({ OOBM_CONSOLE_RUNTIME_DIRECTORY: bridgeRuntime }),
    readFile(ledFile, 'utf8').catch(() => ''),
  ])
  const led = STATE_NAMES.find(state => state === ledText.trim())
  const ledSinceMs = led === before?.led ? (before?.ledSinceMs ?? atMs) : atMs
  const state = supervisor.running ? supervisor.status.state : before?.state
  const pids = {
    supervisor: supervisor.running ? supervisor.status.pid : before?.pids.supervisor,
    bridge: bridge.running ? bridge.status.pid : before?.pids.bridge,
  }
  return { name, console, equipment, supervisor, bridge, state, pids, led, ledSinceMs }
}
