/** Starts the parts of a lab, each as the process that it is in the field. */
import { existsSync } from 'node:fs'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { programCommand } from '../runtime/program-command.ts'
import { descendantsOf, startSshd } from '../testbed/sshd.ts'
import { waitFor } from '../testbed/wait-for.ts'
import { type Daemon, OWN_GROUP, startDaemon, watchDaemon } from './daemon.ts'
import type { DeviceName } from './lab-fleet.ts'
import { prepareLine } from './prepare-line.ts'
import { prepareSeats } from './prepare-seats.ts'

import { PROGRAMS, type ProvisionedDevice, provision } from './provision.ts'
import { restarting, settingsUnits } from './settings-units.ts'
import { uplinkCommand } from './uplink.ts'

/** Milliseconds for its start, on a machine that does much else. */
const BRIDGE = { timeoutMs: 60_000 }

/** A running lab, for who looks at it and who breaks it. */
export interface Lab {
  /** Its folder, absolute, as a person would type it: below the home directory with `~`. */
  readonly typed: string
  readonly root: string
  readonly relay: { port: number; unit: string; pids(): Promise<number[]> }
  readonly devices: readonly LabDevice[]
}

export interface LabDevice {
  readonly name: DeviceName
  readonly console: string
  /** `sim:router` or the real port. */
  readonly equipment: string
  /** The two daemons' run-time directories. */
  readonly supervisorRuntime: string
  readonly bridgeRuntime: string
  readonly led: string
  readonly linePort: number
  /** The file that stands for the simulated router's adapter. */
  readonly adapter: string
  /** The files with the process ids of its units. */
  readonly units: Record<'sshd' | 'line' | 'supervisor' | 'bridge', string>
}

/** Every program of a lab as it starts, so that the caller can end them whatever happens. */
export interface Started {
  /** What others still need while they end; the first to start is the last to end. */
  ground: Daemon[]
  others: Daemon[]
}

/**
 * Returns when everything runs; the tunnels may not be up yet.
 * @param equipment path of the line of the first device's console
 * @throws the signal's reason once it is aborted
 */
export async function startLab(root: string, equipment: string, started: Started, signal: AbortSignal): Promise<Lab> {
  const { relayPort, relaySshd, devices } = await provision(root, equipment, signal)
  await prepareSeats(root, relayPort)
  await mkdir(join(root, 'log'), { mode: 0o700 })
  await mkdir(join(root, 'units'))
  const unit = join(root, 'units/relay-sshd')
  const relay = await startSshdAs('relay-sshd', unit, relaySshd, started.ground, root, signal)
  const run = devices.map(device => startDevice(device, { root, relayPort, started, signal }))
  return {
    typed: root.startsWith(`${homedir()}/`) ? `~${root.slice(homedir().length)}` : root,
    root,
    relay: { port: relayPort, unit, pids: () => sshdProcesses(relay.program.pid) },
    devices: await Promise.all(run),
  }
}

async function startDevice(
  device: ProvisionedDevice,
  { root, relayPort, started, signal }: { root: string; relayPort: number; started: Started; signal: AbortSignal },
): Promise<LabDevice> {
  const { name, folder, equipment } = device
  const { supervisor, bridge } = device.units
  const log = (program: string) => join(root, 'log', `${name}.${program}.log`)
  const start = (program: string, command: string[], environment: NodeJS.ProcessEnv, list = started.others) => {
    signal.throwIfAborted()
    list.push(startDaemon(`${name}.${program}`, command, log(program), environment))
  }
  const settings = await settingsUnits(folder, device.root, device.units)
  const unit = (one: string) => join(settings.units, one)
  start('line', restarting(unit('line'), uplinkCommand(device.linePort, relayPort)), {}, started.ground)
  await startSshdAs(`${name}.sshd`, unit('sshd'), device.sshd, started.others, root, signal)

  const ours = (program: string, args = program) =>
    restarting(unit(program), programCommand(process.execPath, PROGRAMS, args))
  const adapter = join(folder, 'adapter/ttyUSB0')
  await mkdir(join(folder, 'adapter'))
  await writeFile(adapter, '')
  const line = await prepareLine(device.root, equipment, device.console)
  if (line !== undefined) start('oobm-line', ours('oobm-line'), line)
  const atBridge = { ...bridge, OOBM_LAB_ADAPTER: adapter, ...(line && { OOBM_LINE_SOCKETS: line.OOBM_LINE_SOCKETS }) }
  start('oobm-console', ours('oobm-console', 'lab-console'), atBridge)
  // On a device both start at once, and the first word would be that the bridge does not answer.
  await waitFor('the console bridge', async () => existsSync(join(bridge.RUNTIME_DIRECTORY, 'status.json')), {
    ...BRIDGE,
    signal,
    // What ends for good is told as that.
  }).catch(() => {})
  // On a device both find the bridge's folder below /run.
  const own = { ...supervisor, OOBM_CONSOLE_RUNTIME_DIRECTORY: bridge.RUNTIME_DIRECTORY, ...settings.environment }
  const ways = { OOBM_LAB_LINE: String(device.linePort), OOBM_LAB_RELAY: String(relayPort) }
  start('oobm-supervisor', ours('oobm-supervisor', 'lab-supervisor'), { ...own, ...ways })
  start('oobm-apply', settings.apply.command, settings.apply.environment)
  await writeOobmCommand(join(folder, 'oobm'), own)
  return {
    ...{ name, console: device.console, equipment, led: device.led, linePort: device.linePort, adapter },
    supervisorRuntime: supervisor.RUNTIME_DIRECTORY,
    bridgeRuntime: bridge.RUNTIME_DIRECTORY,
    units: {
      sshd: unit('sshd'),
      line: unit('line'),
      supervisor: unit('oobm-supervisor'),
      bridge: unit('oobm-console'),
    },
  }
}

async function startSshdAs(
  name: string,
  unit: string,
  options: Parameters<typeof startSshd>[0],
  list: Daemon[],
  root: string,
  signal: AbortSignal,
) {
  signal.throwIfAborted()
  const sshd = await startSshd({ ...options, under: [...OWN_GROUP, ...restarting(unit, [])] })
  list.push(watchDaemon(name, sshd.program, join(root, 'log', `${name}.log`), sshd.stop))
  return sshd
}

/** `oobm` as on the device: a script that says where this device's files are. */
async function writeOobmCommand(path: string, environment: NodeJS.ProcessEnv): Promise<void> {
  const settings = Object.entries(environment).map(([name, value]) => `${name}='${value}'`)
  const script = [
    '#!/bin/sh',
    `export ${settings.join(' ')}`,
    `exec ${programCommand(process.execPath, PROGRAMS, 'oobm')
      .map(word => `'${word}'`)
      .join(' ')} "$@"`,
  ]
  await writeFile(path, `${script.join('\n')}\n`, { mode: 0o755 })
}

/** Its sshd and the sessions, without what runs in them: the devices' commands. */
async function sshdProcesses(pid: number): Promise<number[]> {
  const found: number[] = []
  for (const below of await descendantsOf(pid)) {
    const name = await readFile(`/proc/${below}/comm`, 'utf8').catch(() => '')
    if (name.startsWith('sshd')) found.push(below)
  }
  return found
}
