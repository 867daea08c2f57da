/** A host of a fault bench: a network and mount namespace without a name, which its own first process holds. */
import { readdir, readlink } from 'node:fs/promises'
import {
  type Finished,
  type Program,
  type ProgramOptions,
  runProgram,
  startProgram,
} from '../../testbed/run-program.ts'
import { signalProcess } from '../../testbed/sshd.ts'
import { waitFor } from '../../testbed/wait-for.ts'
import type { Undo } from '../disposal.ts'
import type { Machine } from './machine.ts'

export interface Host extends Pick<Machine, 'sh'> {
  readonly name: string
  /** The process that holds the namespaces, as this machine counts. */
  readonly pid: number
  /** A file as a program on this host sees it, for the bench, which is not on it: mounts of the host are seen. */
  seen(path: string): string
  /** What leads a program to this host; it keeps the process id that the bench sees. */
  readonly under: string[]
  run(command: string, args: string[], options?: ProgramOptions): Promise<Finished>
  start(command: string, args: string[], options?: ProgramOptions): Program
  /** Process ids of all that runs on it. */
  processes(): Promise<number[]>
}

/** SIGKILL, because a process that is stopped (SIGSTOP) takes no other; the bench may end without undoing anything. */
const DIES_WITH_BENCH = ['setpriv', '--pdeathsig', 'KILL']
/** /sys shows the network of who mounted it: without this ip(8) and tc(8) would read the wrong one. */
const HOLD = 'mount -t sysfs sysfs /sys; ip link set lo up; echo ready; exec sleep infinity'

/** @param undo ends the host with every process on it */
export async function startHost(undo: Undo, name: string): Promise<Host> {
  const [command = '', ...rest] = [...DIES_WITH_BENCH, 'unshare', '--net', '--mount', '--propagation', 'private']
  const holder = startProgram(command, [...rest, 'sh', '-ec', HOLD])
  const { pid } = holder
  undo.cleanup(async () => {
    await killAll(pid)
    await holder.stop(0)
  })
  await holder.says(/^ready$/m)
  const under = [...DIES_WITH_BENCH, 'nsenter', '--target', String(pid), '--net', '--mount']
  const [first = '', ...enter] = under
  const run = (command: string, args: string[], options?: ProgramOptions) =>
    runProgram(first, [...enter, command, ...args], options)
  return {
    ...{ name, pid, under, run },
    seen: path => `/proc/${pid}/root${path}`,
    start: (command, args, options) => {
      const program = startProgram(first, [...enter, command, ...args], options)
      undo.cleanup(() => program.stop(0))
      return program
    },
    sh: async script => {
      const { code, stdout, stderr } = await run('sh', ['-ec', script])
      if (code !== 0) throw new Error(`on ${name}: ${script}: exit ${code}\n${stdout}${stderr}`)
      return stdout
    },
    processes: () => processesIn(pid),
  }
}

/** Process ids in the network namespace of a process, that process aside. */
export async function processesIn(holder: number): Promise<number[]> {
  const namespace = await readlink(`/proc/${holder}/ns/net`).catch(() => undefined)
  if (namespace === undefined) return []
  const pids = (await readdir('/proc')).filter(entry => /^\d+$/.test(entry)).map(Number)
  const found = await Promise.all(
    pids.map(async pid => {
      const theirs = await readlink(`/proc/${pid}/ns/net`).catch(() => undefined)
      return theirs === namespace && pid !== holder ? [pid] : []
    }),
  )
  return found.flat()
}

/** Also what was reparented to init, as sessions of an sshd that was killed are. */
async function killAll(holder: number): Promise<void> {
  await waitFor('all processes of a host to end', async () => {
    const left = await processesIn(holder)
    for (const pid of left) signalProcess(pid, 'SIGKILL')
    return left.length === 0
  })
}
