/** Which processes something has started that live on after it: by family, group and environment, as setsid(1) leaves one of them. */
import { readdirSync, readFileSync } from 'node:fs'
import { parseProcessStat } from '../runtime/process-stat.ts'

export interface Process {
  pid: number
  parent: number
  group: number
  /** Clock ticks since boot: with the number, it is this process and no later one. */
  started: number
  command: string
}

export type Child = Pick<Process, 'pid' | 'started'>

export interface Relative extends Process {
  /** Which of the marks it has, in its environment or by the child that it is or descends from; undefined when neither tells. */
  mark: string | undefined
}

export interface Family {
  /** To be called now and then: whoever leaves the family later is known already. */
  look(): void
  /** Children of `root` that have this mark, unless they have another one already. */
  add(children: readonly Child[], mark: string): void
  /** Who of them lives, without the one that it began with. */
  living(): Relative[]
}

/**
 * Follows what descends from process `root`, is in its group, or has a mark in its environment.
 * @param variable the environment variable that holds the mark
 * @param marks values that only its processes have
 * @param list all processes that run
 */
export function followFamily(
  root: number,
  variable: string,
  marks: readonly string[],
  list: () => Process[] = processes,
): Family {
  const known = new Map<number, { started: number; mark: string | undefined }>()
  const look = () => {
    const all = list()
    const startedOf = new Map(all.map(({ pid, started }) => [pid, started]))
    // By its start too: a number is given again after some ten thousand processes, and its next owner is a stranger.
    const isKnown = (pid: number) => known.has(pid) && known.get(pid)?.started === startedOf.get(pid)
    // Once more for each that is new: a child may stand before its parent.
    for (let before = -1; before !== known.size; ) {
      before = known.size
      for (const { pid, parent, group, started } of all) {
        const isRelative = pid === root || isKnown(parent) || group === root
        if (isRelative && known.get(pid)?.started !== started)
          known.set(pid, { started, mark: known.get(parent)?.mark })
      }
    }
    return all
  }
  const markOf = (pid: number) => {
    const value = variablesOf(pid).find(each => each.startsWith(`${variable}=`))
    return marks.find(mark => value === `${variable}=${mark}`)
  }
  return {
    look,
    add: (children, mark) => {
      for (const { pid, started } of children) {
        const before = known.get(pid)
        if (before?.started !== started || before.mark === undefined) known.set(pid, { started, mark })
      }
    },
    living: () =>
      look().flatMap(each => {
        const relative = known.get(each.pid)
        const isKnown = relative?.started === each.started
        const mark = (isKnown ? relative.mark : undefined) ?? markOf(each.pid)
        return each.pid !== root && (isKnown || mark !== undefined) ? [{ ...each, mark }] : []
      }),
  }
}

export function childrenOf(pid: number): Child[] {
  // Lists the children of each thread; not every kernel has it (CONFIG_PROC_CHILDREN), and all of /proc takes 5 ms to read.
  const lists = namesIn(`/proc/${pid}/task`).map(thread => textOf(`/proc/${pid}/task/${thread}/children`))
  if (lists.includes(undefined)) return processes().filter(({ parent }) => parent === pid)
  return lists.flatMap(list => processesNamed((list ?? '').split(' ')))
}

function processes(): Process[] {
  return processesNamed(namesIn('/proc'))
}

/** Those of them that run, but for those that are dead and wait for their parent. */
function processesNamed(names: string[]): Process[] {
  return names.flatMap(name => {
    const pid = Number(name)
    const stat = pid > 0 ? parseProcessStat(textOf(`/proc/${pid}/stat`) ?? '') : undefined
    if (stat === undefined || stat.state === 'Z' || stat.state === 'X') return []
    const command = textOf(`/proc/${pid}/cmdline`)?.replaceAll('\0', ' ').trim() || `[${stat.name}]`
    return [{ pid, parent: stat.parent, group: stat.group, started: stat.startTicks, command }]
  })
}

function variablesOf(pid: number): string[] {
  return textOf(`/proc/${pid}/environ`)?.split('\0') ?? []
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}

function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'latin1')
  } catch {
    return undefined
  }
}
