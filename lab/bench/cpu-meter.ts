/** Counts the processor time of processes and of all that they start, those that have ended meanwhile included. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { makeControlGroup } from '../../testbed/control-group.ts'
import type { TestContext } from '../../testbed/suite.ts'

/**
 * By a control group, since /proc/PID/stat leaves out what each process has used beyond its last 10 ms: that is half of a login.
 * @returns gives the milliseconds used since now
 */
export async function meterCpu(context: TestContext, pids: readonly number[]): Promise<() => Promise<number>> {
  const group = await makeControlGroup(await hierarchyHere())
  context.cleanup(group.remove)
  await group.add(pids)
  return async () => {
    const stat = await readFile(join(group.path, 'cpu.stat'), 'utf8')
    return Number(/^usage_usec (\d+)$/m.exec(stat)?.[1]) / 1000
  }
}

/** Each group of version 2 counts, whatever controllers it has. */
async function hierarchyHere(): Promise<string> {
  const mounts = await readFile('/proc/self/mounts', 'utf8')
  const [, path] = /^\S+ (\S+) cgroup2 /m.exec(mounts) ?? []
  if (path === undefined) throw new Error('no control groups of version 2 are mounted (cgroups(7))')
  return path
}
