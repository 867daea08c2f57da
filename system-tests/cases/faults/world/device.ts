/** The device of a world: its own sshd, the shipped bridge and the shipped supervisor, the latter two as systemd would run them. */
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { UnitEnvironment } from '../../../../lab/prepare-unit.ts'
import { programCommand } from '../../../../runtime/program-command.ts'
import type { Finished, Program } from '../../../../testbed/run-program.ts'
import { type Sshd, startSshd } from '../../../../testbed/sshd.ts'
import type { Undo } from '../../../disposal.ts'
import type { Host } from '../../../machine/host.ts'
import { BUILD, type Provisioned, SHELL_PORT } from './provision.ts'

/** One line that run-unit.py prints; `atMs` is monotonic. */
export interface UnitEvent {
  event: 'started' | 'notified' | 'watchdog' | 'ended' | 'stop-post'
  atMs: number
  pid?: number
  code?: number | string
}

export interface UnitProgram {
  /** The program's process now; undefined between two starts. */
  pid(): number | undefined
  events(): UnitEvent[]
  /** All that it printed. */
  log(): string
  stop(): Promise<void>
}

export interface Device {
  readonly host: Host
  readonly runtime: string
  readonly led: string
  supervisor: UnitProgram
  bridge: UnitProgram
  /** Processes of its own sshd, the listener first. */
  sshd(): Promise<number[]>
  /** What its own sshd has logged since it was last started. */
  sshdLog(): string
  startSshd(): Promise<void>
  stopSshd(): Promise<void>
  /** `oobm` as a person on the device types it. */
  oobm(...args: string[]): Promise<Finished>
}

export interface DeviceOptions {
  /** More environment for the supervisor. */
  env?: NodeJS.ProcessEnv
  /** Kilobytes of the file system that its run-time directory is; it ships as part of /run, which is some megabytes. */
  runtimeKb?: number
}

/** What the package installs, as a tree of the device. */
const FILES = join(import.meta.dirname, '../../../../packaging/device/files')
const RUN_UNIT = join(import.meta.dirname, 'run-unit.py')

export async function startDevice(
  undo: Undo,
  host: Host,
  { units, led, deviceSshd }: Provisioned,
  options: DeviceOptions = {},
): Promise<Device> {
  const { supervisor, bridge } = units
  const runtime = supervisor.RUNTIME_DIRECTORY
  await host.sh(`mount -t tmpfs -o mode=0755,size=${options.runtimeKb ?? 4096}k tmpfs '${runtime}'`)
  let sshd: Sshd | undefined
  const start = async () => {
    sshd = await startSshd({ ...deviceSshd, port: SHELL_PORT, under: host.under })
  }
  await start()
  undo.cleanup(() => sshd?.stop())
  const both = { ...supervisor, OOBM_CONSOLE_RUNTIME_DIRECTORY: bridge.RUNTIME_DIRECTORY }
  const env = { ...both, ...options.env }
  const notify = join(bridge.STATE_DIRECTORY, '..')
  await mkdir(notify, { recursive: true })
  return {
    ...{ host, runtime, led },
    bridge: startUnit(host, 'oobm-console', bridge, notify),
    supervisor: startUnit(host, 'oobm-supervisor', env, notify),
    sshd: async () => {
      if (!sshd) return []
      return [sshd.program.pid, ...(await sshd.descendants())]
    },
    sshdLog: () => sshd?.log() ?? '',
    startSshd: start,
    stopSshd: async () => {
      await sshd?.stop()
      sshd = undefined
    },
    oobm: (...args) => {
      const [command = '', ...options] = programCommand(process.execPath, BUILD, 'oobm')
      return host.run(command, [...options, ...args], { env, timeoutMs: 90_000 })
    },
  }
}

function startUnit(
  host: Host,
  name: string,
  environment: UnitEnvironment & NodeJS.ProcessEnv,
  notify: string,
): UnitProgram {
  const program = programCommand(process.execPath, BUILD, name)
  const unit = join(FILES, 'usr/lib/systemd/system', `${name}.service`)
  const args = [RUN_UNIT, unit, join(notify, `${name}.notify`), FILES, ...program]
  const runner: Program = host.start('python3', args, { env: environment })
  const events = () => runner.output().split('\n').flatMap(readEvent)
  return {
    events,
    log: runner.output,
    pid: () => {
      const last = events().findLast(({ event }) => event === 'started' || event === 'ended')
      return last?.event === 'started' ? last.pid : undefined
    },
    stop: async () => void (await runner.stop(15_000)),
  }
}

function readEvent(line: string): UnitEvent[] {
  return line.startsWith('{"event": ') ? [JSON.parse(line) as UnitEvent] : []
}
