/** Reads the resident memory of a process from the kernel (proc(5): status, smaps_rollup). */
import { readFile } from 'node:fs/promises'

export interface Memory {
  rssKb: number
  /** Shared pages are divided among the processes that share them. */
  pssKb: number
}

export async function memoryOf(pid: number): Promise<Memory> {
  const [status, rollup] = await Promise.all([
    readFile(`/proc/${pid}/status`, 'utf8'),
    readFile(`/proc/${pid}/smaps_rollup`, 'utf8').catch(() => ''),
  ])
  const kb = (text: string, key: string) =>
    Number(new RegExp(`^${key}:\\s+(\\d+) kB`, 'm').exec(text)?.[1] ?? Number.NaN)
  return { rssKb: kb(status, 'VmRSS'), pssKb: kb(rollup, 'Pss') }
}
