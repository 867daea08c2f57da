/** Sends a request to the running supervisor: a file in its request directory, which it removes when it has read it. */
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { directoriesOf } from '../../formats/directories.ts'
import type { SupervisorStatus } from '../../formats/status-file.ts'
import { EXIT, errorCode, errorMessage, UserError } from '../../runtime/errors.ts'
import { writeAtomically } from '../../runtime/write-atomically.ts'
import type { CommandContext } from '../command.ts'
import { readSupervisor } from './read-daemon.ts'

/** @throws UserError 69 when the supervisor does not run, or does not answer */
export async function runningSupervisor(env: NodeJS.ProcessEnv): Promise<SupervisorStatus> {
  const reading = await readSupervisor(env)
  if (reading.running) return reading.status
  throw new UserError(`${reading.problem}\nRestart it with: sudo systemctl restart oobm-supervisor`, EXIT.unavailable)
}

/**
 * Writes the request `name`; returns how to withdraw it.
 * @throws UserError if this user may not send requests
 */
export async function ask(env: NodeJS.ProcessEnv, name: string, content: string): Promise<() => Promise<void>> {
  const path = join(directoriesOf('oobm', env).runtime, 'request', name)
  try {
    await writeAtomically(path, `${content}\n`, 0o644)
  } catch (err) {
    const code = errorCode(err)
    if (code === 'ENOENT') {
      throw new UserError('the supervisor does not take requests yet; try again in a few seconds', EXIT.unavailable)
    }
    if (code === 'EACCES' || code === 'EPERM') {
      throw new UserError(
        'this user may not use the supervisor: use sudo, or log in as a member of the group oobm',
        EXIT.failed,
      )
    }
    throw new UserError(`${path}: ${errorMessage(err)}`, EXIT.failed, { cause: err })
  }
  return () => rm(path, { force: true })
}

const PACE_MS = 100

/**
 * Reads the supervisor's status until `wanted` returns a value.
 * @returns undefined after `limitMs`
 * @throws UserError 69 when the supervisor ends meanwhile, or hangs
 */
export async function watchSupervisor<T>(
  { env, clock, signal }: Pick<CommandContext, 'env' | 'clock' | 'signal'>,
  limitMs: number,
  wanted: (status: SupervisorStatus) => T | undefined,
): Promise<T | undefined> {
  const deadlineMs = clock.nowMs() + limitMs
  for (;;) {
    const found = wanted(await runningSupervisor(env))
    if (found !== undefined || clock.nowMs() >= deadlineMs || signal.aborted) return found
    await clock.sleep(PACE_MS, signal)
  }
}
