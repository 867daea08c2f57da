/** A control group of processes and all that they start from then on (cgroups(7)). */
import { mkdir, readFile, rmdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { waitFor } from './wait-for.ts'

export interface ControlGroup {
  path: string
  add(pids: readonly number[]): Promise<void>
  /** Gives its processes back to the group above, and removes it. */
  remove(): Promise<void>
}

let number = 0

/** @param root where the group is made: the folder of a hierarchy */
export async function makeControlGroup(root: string): Promise<ControlGroup> {
  const path = join(root, `oobm-test-${process.pid}-${number++}`)
  await mkdir(path)
  return {
    path,
    add: pids => moveAll(pids, path),
    remove: async () => {
      // Whatever was started meanwhile is in the group, too; a group with processes in it cannot be removed.
      await waitFor(`${path} to be empty`, async () => {
        const inside = (await readFile(join(path, 'cgroup.procs'), 'utf8')).split('\n').filter(Boolean).map(Number)
        await moveAll(inside, root)
        return inside.length === 0
      })
      await rmdir(path)
    },
  }
}

async function moveAll(pids: readonly number[], group: string): Promise<void> {
  // One that has ended meanwhile needs no moving.
  for (const pid of pids) await writeFile(join(group, 'cgroup.procs'), String(pid)).catch(() => {})
}
