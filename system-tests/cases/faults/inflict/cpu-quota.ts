/** A part of a processor for programs that may not be stopped: the kernel's own quota, by a control group (cgroups(7)). */
import { access, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { makeControlGroup } from '../../../../testbed/control-group.ts'

/** Microseconds over which the kernel counts. */
const PERIOD = 100_000

interface Version {
  root: string
  limit(quota: number): [file: string, text: string][]
}

const VERSIONS: readonly Version[] = [
  { root: '/sys/fs/cgroup', limit: quota => [['cpu.max', `${quota} ${PERIOD}`]] },
  {
    root: '/sys/fs/cgroup/cpu',
    limit: quota => [
      ['cpu.cfs_period_us', String(PERIOD)],
      ['cpu.cfs_quota_us', String(quota)],
    ],
  },
]

/**
 * Gives processes, and all that they start from now on, so many hundredths of one processor together.
 * @returns ends it
 * @throws where the kernel has no such group, or this machine lets nobody make one
 */
export async function limitCpu(pids: readonly number[], percent: number): Promise<() => Promise<void>> {
  const { root, limit } = await versionHere()
  const group = await makeControlGroup(root)
  for (const [file, text] of limit((PERIOD * percent) / 100)) await writeFile(join(group.path, file), text)
  await group.add(pids)
  return group.remove
}

async function versionHere(): Promise<Version> {
  for (const version of VERSIONS) {
    const marker = version.root.endsWith('cpu') ? 'cpu.cfs_quota_us' : 'cgroup.controllers'
    if (
      await access(join(version.root, marker)).then(
        () => true,
        () => false,
      )
    )
      return version
  }
  throw new Error('no control group for processors is mounted below /sys/fs/cgroup')
}
