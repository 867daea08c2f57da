/** A daemon's status file, and whether the daemon answers: the status of a dead or hung one is never shown as true. */
import { constants, existsSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import type * as z from 'zod'
import { describeDuration } from '../../cli/times.ts'
import {
  consoleRuntimeDirectory,
  directoriesOf,
  modemRuntimeDirectory,
  provisioningDirectory,
} from '../../formats/directories.ts'
import { type ModemStatus, modemStatusSchema } from '../../formats/modem-status.ts'
import {
  type ConsoleStatus,
  consoleStatusSchema,
  type SupervisorStatus,
  supervisorStatusSchema,
} from '../../formats/status-file.ts'
import { HEARTBEAT_MAX_AGE_MS, type Heartbeat, heartbeatNow, silentForMs } from '../../runtime/boot-clock.ts'
import { errorCode, errorMessage } from '../../runtime/errors.ts'
import { printable } from '../../runtime/printable.ts'
import { readProcessStat } from '../../runtime/process-stat.ts'

export type Reading<T> =
  | { running: true; status: T }
  | {
      running: false
      /** `silent`: its process runs and does not answer; `unknown`: the file cannot be read. */
      state: 'gone' | 'silent' | 'unknown'
      /** One line, complete in itself. */
      problem: string
    }

/** Bytes of a status file that are read; one with 16 consoles and all their people has a tenth of that. */
const FILE_MAX = 1024 * 1024
/** Characters of one text in a status that are shown. */
const TEXT_MAX = 1_000
/** Milliseconds by which a process's age and its heartbeat's may be wrong: ticks, and our own start. */
const AGE_SLACK_MS = 1_000

export function readSupervisor(env: NodeJS.ProcessEnv): Promise<Reading<SupervisorStatus>> {
  return readDaemon('oobm-supervisor', directoriesOf('oobm', env).runtime, supervisorStatusSchema)
}

export function readConsoleBridge(env: NodeJS.ProcessEnv): Promise<Reading<ConsoleStatus>> {
  return readDaemon('oobm-console', consoleRuntimeDirectory(env), consoleStatusSchema)
}

/** @returns undefined where no modem is dialled: its unit does not run then, and leaves no folder */
export async function readModemProgram(env: NodeJS.ProcessEnv): Promise<Reading<ModemStatus> | undefined> {
  const isMeant = existsSync(join(provisioningDirectory(env), 'cellular.toml'))
  const reading = await readDaemon('oobm-modem', modemRuntimeDirectory(env), modemStatusSchema)
  return isMeant || reading.running ? reading : undefined
}

/** Never throws: whatever the file contains, the answer is one line. */
async function readDaemon<T extends z.ZodType<{ pid: number; heartbeat: Heartbeat }>>(
  name: string,
  directory: string,
  schema: T,
): Promise<Reading<z.output<T>>> {
  const path = join(directory, 'status.json')
  const not = (state: 'gone' | 'silent' | 'unknown', problem: string) => ({ running: false, state, problem }) as const
  let content: unknown
  try {
    content = JSON.parse(await readSmallFile(path))
  } catch (err) {
    if (errorCode(err) === 'ENOENT') return not('gone', `${name} is not running: there is no ${path}`)
    const why = err instanceof SyntaxError ? 'it is incomplete' : printable(errorMessage(err))
    return not('unknown', `${path} cannot be read: ${why}`)
  }
  const result = schema.safeParse(content)
  if (!result.success) return not('unknown', `${path} was written by another version of ${name}: restart it`)
  const status = harmless(result.data)
  const silentMs = silentForMs(status.heartbeat, heartbeatNow())
  if (!(await isWriter(status.pid, silentMs)))
    return not('gone', `${name} is not running: it ended without removing ${path}`)
  if (silentMs > HEARTBEAT_MAX_AGE_MS)
    return not(
      'silent',
      `${name} has not answered for ${describeDuration(silentMs)}; its process ${status.pid} still runs`,
    )
  return { running: true, status }
}

/** @throws a system error; Error if it is not a file, or too large: a pipe must not block the reader */
async function readSmallFile(path: string): Promise<string> {
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK)
  try {
    const stat = await file.stat()
    if (!stat.isFile()) throw new Error('it is not a file')
    if (stat.size > FILE_MAX) throw new Error(`it has ${stat.size} bytes`)
    return await file.readFile('utf8')
  } finally {
    await file.close()
  }
}

/** Its texts come from relays, targets and technicians: removes everything that a terminal would obey. */
function harmless<T>(value: T): T {
  if (typeof value === 'string') return printable(value, TEXT_MAX) as T
  if (Array.isArray(value)) return value.map(harmless) as T
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, harmless(one)])) as T
}

/**
 * Whether the process that wrote the file still runs; another process with its number is younger than the heartbeat.
 * Ages are compared, as a container may count its uptime and its processes' starts from different boots.
 */
async function isWriter(pid: number, silentMs: number): Promise<boolean> {
  try {
    process.kill(pid, 0)
  } catch (err) {
    // It belongs to another user, but exists.
    if (errorCode(err) !== 'EPERM') return false
  }
  const [started, weStarted] = await Promise.all([startOf(pid), startOf(process.pid)])
  if (started === undefined || weStarted === undefined) return true
  const ageMs = process.uptime() * 1000 + weStarted - started
  return ageMs + AGE_SLACK_MS >= silentMs
}

/** When a process was started, in milliseconds since the boot; undefined where /proc does not say. */
async function startOf(pid: number): Promise<number | undefined> {
  const stat = await readProcessStat(pid)
  return stat && stat.startTicks * 10
}
