/** Which processes something has started that live on after it: by family, group and environment, as setsid(1) leaves one of them. */
import { readdirSync, readFileSync } from 'node:fs'

export interface Process {
  pid: number
  parent: number
  group: number
  /** Clock ticks since boot: with the number, it is this process and no later one. */
  started: string
  command: string
}

export type Child = Pick<Process, 'pid' | 'started'>

export interface Family {
  /** To be called now and then: whoever leaves the family later is known already. */
  look(): void
  add(children: readonly Child[]): void
  /** Who of them lives, without the one that it began with. */
  living(): Process[]
}

/**
 * Follows what descends from process `root`, is in its group, or has `mark` in its environment.
 * @param mark a `NAME=value` that only its processes have
 */
export function followFamily(root: number, mark: string): Family {
  const known = new Map<number, string>()
  const add = ({ pid, started }: Child) => known.set(pid, started)
  const look = () => {
    const all = processes()
    // Once more for each that is new: a child may stand before its parent.
    for (let before = -1; before !== known.size; ) {
      before = known.size
      for (const each of all) if (each.pid === root || known.has(each.parent) || each.group === root) add(each)
    }
    return all
  }
  const isOurs = ({ pid, started }: Process) => known.get(pid) === started || isMarked(pid, mark)
  return {
    look,
    add: children => children.forEach(add),
    living: () => look().filter(each => each.pid !== root && isOurs(each)),
  }
}

export function childrenOf(pid: number): Child[] {
  return processes().flatMap(({ parent, started, ...each }) => (parent === pid ? [{ pid: each.pid, started }] : []))
}

/** All that run here, but for those that are dead and wait for their parent; proc_pid_stat(5). */
function processes(): Process[] {
  return namesIn('/proc').flatMap(name => {
    const pid = Number(name)
    const stat = Number.isInteger(pid) ? textOf(`/proc/${pid}/stat`) : undefined
    if (stat === undefined) return []
    // The name, field 2, is in parentheses and may hold anything.
    const nameEnd = stat.lastIndexOf(')') + 1
    const [state, parent, group, ...rest] = stat.slice(nameEnd + 1).split(' ')
    if (state === 'Z' || state === 'X') return []
    const command = textOf(`/proc/${pid}/cmdline`)?.replaceAll('\0', ' ').trim() || stat.slice(0, nameEnd)
    return [{ pid, parent: Number(parent), group: Number(group), started: rest[16] ?? '', command }]
  })
}

function isMarked(pid: number, mark: string): boolean {
  return textOf(`/proc/${pid}/environ`)?.split('\0').includes(mark) ?? false
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
