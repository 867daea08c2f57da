/** The memory of the desk and of its page, as the kernel has it: PSS, which divides shared pages among their users (proc_pid_smaps(5)). */
import { readdir, readFile } from 'node:fs/promises'
import { readProcessStat } from '../../../../runtime/process-stat.ts'

export async function memoryMb(pid: number): Promise<number> {
  const rollup = await readFile(`/proc/${pid}/smaps_rollup`, 'utf8').catch(() => '')
  return Math.round(Number(/^Pss: +(\d+) kB/m.exec(rollup)?.[1] ?? 0) / 1000)
}

/** Of the largest page of a Chromium below this process, in MB. */
export async function rendererMb(): Promise<number> {
  const pids = (await readdir('/proc')).filter(name => /^\d+$/.test(name)).map(Number)
  const parents = new Map(
    await Promise.all(pids.map(async pid => [pid, (await readProcessStat(pid))?.parent] as const)),
  )
  const isOurs = (pid: number | undefined): boolean =>
    pid !== undefined && pid > 1 && (pid === process.pid || isOurs(parents.get(pid)))
  const sizes = await Promise.all(
    pids.filter(isOurs).map(async pid => {
      const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')
      return command.includes('--type=renderer') ? memoryMb(pid) : 0
    }),
  )
  return Math.max(0, ...sizes)
}
