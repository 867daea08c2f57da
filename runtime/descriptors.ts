/** File descriptors: whether some are left, and the end of a process that has had none for too long. */
import { closeSync, openSync, readdirSync, readFileSync, readlinkSync } from 'node:fs'
import type { Clock } from './clock.ts'
import { errorCode } from './errors.ts'

/** Milliseconds between two looks. */
const LOOK_MS = 2_000
/** Milliseconds without a descriptor after which it will not get better by itself: a burst of connections is over sooner. */
const FULL_MS = 10_000
/** Descriptors that are looked at for the message: a limit of half a million is common, and each look costs a system call. */
const LOOKED_AT_MAX = 2_000
/** Descriptors put aside for what is done at the end: the log, the status file and the LED, each one or two. */
const RESERVE = 4

/**
 * Tries every two seconds to open /dev/null. When that fails for ten seconds because this process or the machine has no
 * descriptor left, gives back those that it had put aside, and calls `onFull` once.
 * @param onFull gets what is open, in words
 * @returns when the signal is aborted, or after `onFull`
 */
export async function watchDescriptors(
  clock: Clock,
  signal: AbortSignal,
  onFull: (cause: string) => void,
): Promise<void> {
  const reserve = take(RESERVE)
  let fullSinceMs: number | undefined
  try {
    while (!signal.aborted) {
      await clock.sleep(LOOK_MS, signal)
      if (signal.aborted) return
      const code = failureToOpen()
      if (code === undefined) fullSinceMs = undefined
      else fullSinceMs ??= clock.nowMs()
      if (code === undefined || fullSinceMs === undefined || clock.nowMs() - fullSinceMs < FULL_MS) continue
      giveBack(reserve)
      return onFull(describeFull(code))
    }
  } finally {
    giveBack(reserve)
  }
}

/** Whether `count` descriptors can be had at this moment. */
export function hasFreeDescriptors(count: number): boolean {
  const taken = take(count)
  giveBack([...taken])
  return taken.length === count
}

/** Opens up to `count` descriptors. */
function take(count: number): number[] {
  const taken: number[] = []
  try {
    while (taken.length < count) taken.push(openSync('/dev/null', 'r'))
  } catch {
    // As many as there are.
  }
  return taken
}

function giveBack(descriptors: number[]): void {
  for (const descriptor of descriptors.splice(0)) closeSync(descriptor)
}

/** EMFILE or ENFILE; undefined when it worked, or failed for another reason. */
function failureToOpen(): 'EMFILE' | 'ENFILE' | undefined {
  try {
    closeSync(openSync('/dev/null', 'r'))
    return undefined
  } catch (err) {
    const code = errorCode(err)
    return code === 'EMFILE' || code === 'ENFILE' ? code : undefined
  }
}

function describeFull(code: 'EMFILE' | 'ENFILE'): string {
  const whose = code === 'EMFILE' ? 'this process' : 'this machine'
  const held = `no file descriptor is left on ${whose} (${code})`
  try {
    const kinds = new Map<string, number>()
    const names = readdirSync('/proc/self/fd')
    for (const name of names.slice(0, LOOKED_AT_MAX)) {
      const kind = kindOf(name)
      kinds.set(kind, (kinds.get(kind) ?? 0) + 1)
    }
    // proc_pid_limits(5): the soft limit is the first number.
    const [, limit = '?'] = /^Max open files +(\S+)/m.exec(readFileSync('/proc/self/limits', 'utf8')) ?? []
    const parts = [...kinds].sort(([, a], [, b]) => b - a).map(([kind, count]) => `${count} ${kind}`)
    return `${held}: ${names.length} of ${limit} are open here, ${parts.join(', ')}`
  } catch {
    return held
  }
}

/** proc_pid_fd(5): `socket:[1234]`, `pipe:[1234]`, `anon_inode:[eventpoll]`, or a path. */
function kindOf(descriptor: string): string {
  try {
    const target = readlinkSync(`/proc/self/fd/${descriptor}`)
    return target.startsWith('/') ? 'files' : `${target.split(':')[0]}s`
  } catch {
    return 'closed meanwhile'
  }
}
