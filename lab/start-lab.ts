/** Starts the parts of a lab, each as the process that it is in the field. */
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { programCommand } from '../runtime/program-command.ts'
import { type Sshd, startSshd } from '../testbed/sshd.ts'
import { type Daemon, OWN_GROUP, startDaemon, watchDaemon } from './daemon.ts'
import type { LabDirectory } from './lab-directory.ts'
import { prepareLine } from './prepare-line.ts'
import type { UnitEnvironment } from './prepare-unit.ts'
import { PROGRAMS, provision } from './provision.ts'
import { settingsUnits } from './settings-units.ts'

/** A running lab, for who looks at it. */
export interface Lab {
  /** Its folder as a person would type it. */
  readonly directory: string
  /** `sim:router` or the real port. */
  readonly equipment: string
  /** The two daemons' run-time directories. */
  readonly supervisorRuntime: string
  readonly bridgeRuntime: string
  readonly led: string
  /** The relay's sshd, and the processes of the sessions that it has now. */
  relayPids(): Promise<number[]>
  readonly deviceSshdPid: number
}

/**
 * Returns when everything runs; the tunnel may not be up yet.
 * @param daemons gets each as it starts, so that the caller can end them whatever happens
 * @throws the signal's reason once it is aborted
 */
export async function startLab(
  directory: LabDirectory,
  equipment: string,
  daemons: Daemon[],
  signal: AbortSignal,
): Promise<Lab> {
  const { root, shown } = directory
  const provisioned = await provision(root, equipment, signal)
  await mkdir(join(root, 'log'), { mode: 0o700 })
  const log = (name: string) => join(root, 'log', `${name}.log`)

  const startSshdAs = async (name: string, options: Parameters<typeof startSshd>[0]) => {
    signal.throwIfAborted()
    const sshd = await startSshd({ ...options, under: OWN_GROUP })
    daemons.push(watchDaemon(name, sshd.program, log(name), sshd.stop))
    return sshd
  }
  const relay = await startSshdAs('relay-sshd', provisioned.relaySshd)
  const deviceSshd = await startSshdAs('device-sshd', provisioned.deviceSshd)

  signal.throwIfAborted()
  const { bridge, supervisor } = provisioned.units
  const settings = await settingsUnits(root, provisioned.device, provisioned.units)
  const startUnit = (name: string, program: string, environment: UnitEnvironment) => {
    const command = settings.restartable(name, programCommand(process.execPath, PROGRAMS, program))
    daemons.push(startDaemon(name, command, log(name), environment))
  }
  const line = await prepareLine(join(root, 'device'), equipment)
  if (line !== undefined)
    daemons.push(
      startDaemon('oobm-line', programCommand(process.execPath, PROGRAMS, 'oobm-line'), log('oobm-line'), line),
    )
  startUnit('oobm-console', 'lab-console', { ...bridge, ...(line && { OOBM_LINE_SOCKETS: line.OOBM_LINE_SOCKETS }) })
  // On a device both find the bridge's folder below /run.
  const device = { ...supervisor, OOBM_CONSOLE_RUNTIME_DIRECTORY: bridge.RUNTIME_DIRECTORY, ...settings.environment }
  startUnit('oobm-supervisor', 'oobm-supervisor', device)
  const { apply } = settings
  daemons.push(startDaemon('oobm-apply', apply.command, log('oobm-apply'), apply.environment))
  await writeOobmCommand(join(root, 'oobm'), device)
  return {
    directory: shown,
    equipment,
    supervisorRuntime: supervisor.RUNTIME_DIRECTORY,
    bridgeRuntime: bridge.RUNTIME_DIRECTORY,
    led: provisioned.led,
    relayPids: () => sshdProcesses(relay),
    deviceSshdPid: deviceSshd.program.pid,
  }
}

/** `oobm` as on the device: a script that says where this device's files are. */
async function writeOobmCommand(path: string, environment: UnitEnvironment): Promise<void> {
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

/** Without what runs in the sessions: the device's commands. */
async function sshdProcesses({ program, descendants }: Sshd): Promise<number[]> {
  const sessions: number[] = []
  for (const pid of await descendants()) {
    const name = await readFile(`/proc/${pid}/comm`, 'utf8').catch(() => '')
    if (name.startsWith('sshd')) sessions.push(pid)
  }
  return [program.pid, ...sessions]
}
