/** A daemon's status file, and whether that daemon still runs: a dead file is never shown as the truth. */
import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type * as z from 'zod'
import { consoleRuntimeDirectory, directoriesOf } from '../../runtime/directories.ts'
import { errorCode, errorMessage } from '../../runtime/errors.ts'
import {
  type ConsoleStatus,
  consoleStatusSchema,
  readStatus,
  type SupervisorStatus,
  supervisorStatusSchema,
} from '../../runtime/status-file.ts'

/** A file's times and a process's age come from clocks of different grain. */
const CLOCK_SLACK_MS = 2_000

export type Reading<T> =
  | { running: true; status: T }
  /** `status` is what the daemon wrote last, when it did. */
  | { running: false; problem: string; status: T | undefined }

export function readSupervisor(env: NodeJS.ProcessEnv): Promise<Reading<SupervisorStatus>> {
  return readDaemon('oobm-supervisor', directoriesOf('oobm', env).runtime, supervisorStatusSchema)
}

export function readConsoleBridge(env: NodeJS.ProcessEnv): Promise<Reading<ConsoleStatus>> {
  return readDaemon('oobm-console', consoleRuntimeDirectory(env), consoleStatusSchema)
}

async function readDaemon<T extends z.ZodType<{ pid: number }>>(
  name: string,
  directory: string,
  schema: T,
): Promise<Reading<z.output<T>>> {
  const path = join(directory, 'status.json')
  const gone = (problem: string, status?: z.output<T>) => ({ running: false, problem, status }) as const
  let status: z.output<T> | undefined
  let writtenMs: number
  try {
    writtenMs = (await stat(path)).mtimeMs
    status = await readStatus(path, schema)
  } catch (err) {
    if (errorCode(err) === 'ENOENT') return gone(`${name} is not running: there is no ${path}`)
    return gone(`${path} cannot be read: ${errorMessage(err)}`)
  }
  if (status === undefined) return gone(`${path} was written by another version of ${name}: restart it`)
  if (!(await isWriter(status.pid, name, writtenMs))) {
    return gone(`${name} is not running: it ended without removing ${path}`, status)
  }
  return { running: true, status }
}

/**
 * Whether the process that wrote the file still lives. A number that was given to another process since is told by
 * its age; the name is asked as well, because ages deceive on a board that learns the time after its start.
 */
async function isWriter(pid: number, name: string, writtenMs: number): Promise<boolean> {
  try {
    process.kill(pid, 0)
  } catch (err) {
    // Not ours to signal, but there.
    if (errorCode(err) !== 'EPERM') return false
  }
  const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')
  if (command.includes(name)) return true
  const ageMs = await processAgeMs(pid)
  return ageMs !== undefined && ageMs + CLOCK_SLACK_MS >= Date.now() - writtenMs
}

/** Milliseconds since a process was started: proc_pid_stat(5), field 22, in ticks of 10 ms since the boot. */
async function processAgeMs(pid: number): Promise<number | undefined> {
  try {
    const [stat, uptime] = await Promise.all([
      readFile(`/proc/${pid}/stat`, 'latin1'),
      readFile('/proc/uptime', 'utf8'),
    ])
    // The name, field 2, is in parentheses and may hold anything.
    const startedTicks = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19])
    return Number(uptime.split(' ')[0]) * 1000 - startedTicks * 10
  } catch {
    return undefined
  }
}
