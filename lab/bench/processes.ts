/** What processes used, of the kernel's own counters: processor time and context switches, of all their threads. */
import { readdir, readFile } from 'node:fs/promises'

export interface Used {
  /** Seconds on a processor (/proc/PID/task/TID/schedstat: its first number, in nanoseconds). */
  cpuS: number
  /** How often a thread waited for something (proc_pid_status(5): voluntary_ctxt_switches). */
  switches: number
}

/** Since they started. A thread that has ended is not counted. */
export async function usedBy(pids: readonly number[]): Promise<Used> {
  const used: Used = { cpuS: 0, switches: 0 }
  for (const pid of pids) {
    for (const thread of await readdir(`/proc/${pid}/task`)) {
      const [schedstat, status] = await Promise.all(
        ['schedstat', 'status'].map(file => readFile(`/proc/${pid}/task/${thread}/${file}`, 'utf8')),
      )
      used.cpuS += Number(schedstat?.split(' ')[0]) / 1e9
      used.switches += Number(/^voluntary_ctxt_switches:\s+(\d+)/m.exec(status ?? '')?.[1])
    }
  }
  return used
}

/** What `work` made them use. */
export async function usedDuring(pids: () => Promise<number[]>, work: () => Promise<unknown>): Promise<Used> {
  const before = await usedBy(await pids())
  await work()
  const after = await usedBy(await pids())
  return { cpuS: after.cpuS - before.cpuS, switches: after.switches - before.switches }
}
