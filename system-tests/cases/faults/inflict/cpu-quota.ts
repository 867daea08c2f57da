/** A part of a processor for programs that may not be stopped: the kernel's own quota, by a control group (cgroups(7)). */
import { access, mkdir, readFile, rmdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { waitFor } from '../../../../testbed/wait-for.ts'

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

let number = 0

/**
 * Gives processes, and all that they start from now on, so many hundredths of one processor together.
 * @returns ends it
 * @throws where the kernel has no such group, or this machine lets nobody make one
 */
export async function limitCpu(pids: readonly number[], percent: number): Promise<() => Promise<void>> {
  const { root, limit } = await versionHere()
  const group = join(root, `oobm-faults-${process.pid}-${number++}`)
  await mkdir(group)
  for (const [file, text] of limit((PERIOD * percent) / 100)) await writeFile(join(group, file), text)
  await moveAll(pids, group)
  return async () => {
    // Whatever was started meanwhile is in the group, too; a group with processes in it cannot be removed.
    await waitFor(`${group} to be empty`, async () => {
      const inside = (await readFile(join(group, 'cgroup.procs'), 'utf8')).split('\n').filter(Boolean).map(Number)
      await moveAll(inside, root)
      return inside.length === 0
    })
    await rmdir(group)
  }
}

async function moveAll(pids: readonly number[], group: string): Promise<void> {
  // One that has ended meanwhile needs no moving.
  for (const pid of pids) await writeFile(join(group, 'cgroup.procs'), String(pid)).catch(() => {})
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
