/** A process as the kernel describes it in /proc/PID/stat (proc_pid_stat(5)). */
import { readFile } from 'node:fs/promises'

export interface ProcessStat {
  /** At most 15 characters of the program's name. */
  name: string
  /** One letter; `Z` and `X` are dead. */
  state: string
  parent: number
  group: number
  /** What it has used, its ended children that it waited for included; ticks of 10 ms. */
  cpuTicks: number
  nice: number
  /** When it was started, in ticks of 10 ms since the boot: this tells it from a later process with its number. */
  startTicks: number
}

/** @returns undefined when there is no such process, or /proc does not show it */
export async function readProcessStat(pid: number | string): Promise<ProcessStat | undefined> {
  return parseProcessStat(await readFile(`/proc/${pid}/stat`, 'latin1').catch(() => ''))
}

/** @returns undefined when the text is not whole */
export function parseProcessStat(text: string): ProcessStat | undefined {
  // The name is in parentheses and may hold anything, parentheses too.
  const nameEnd = text.lastIndexOf(')')
  const [state = '', ...fields] = text.slice(nameEnd + 2).split(' ')
  /** By its number in the manual page. */
  const field = (number: number) => Number(fields[number - 4])
  const stat = {
    ...{ name: text.slice(text.indexOf('(') + 1, nameEnd), state, parent: field(4), group: field(5) },
    cpuTicks: field(14) + field(15) + field(16) + field(17),
    ...{ nice: field(19), startTicks: field(22) },
  }
  return Number.isFinite(stat.startTicks) ? stat : undefined
}
