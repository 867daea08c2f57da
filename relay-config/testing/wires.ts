/** What reaches a throwaway host by network: machines in network namespaces of their own, each on a wire to it. */
import { readFile } from 'node:fs/promises'
import {
  type Finished,
  type Program,
  type ProgramOptions,
  runProgram,
  startProgram,
} from '../../testbed/run-program.ts'
import type { TestContext } from '../../testbed/suite.ts'

/** The relay, as every machine sees it (RFC 5737); a machine's own address ends with its number. */
export const RELAY_ADDRESS = '192.0.2.1'
export const machineAddress = (number: number) => `192.0.2.${number}`
/** The relay, as that machine sees it by IPv6 (RFC 3849). */
export const relayAddress6 = (number: number) => `2001:db8:${number}::1`

export interface Machine {
  run(command: string, args: string[], options?: ProgramOptions): Promise<Finished>
  start(command: string, args: string[]): Program
}

/**
 * Lays a wire between the network of the relay and that of another process.
 * @param relay a process of the relay, and `other` one of the machine
 * @param number of the machine, from 2
 */
export async function layWire(relay: number, other: number, number: number): Promise<void> {
  const wire = `wire${number}`
  const script = (own: string, peer: string, own6: string) => `
ip addr add ${own} peer ${peer} dev ${wire}
ip addr add ${own6}/64 dev ${wire} nodad
ip link set ${wire} up`
  const net6 = `2001:db8:${number}::`
  await must(relay, `ip link add ${wire} type veth peer name ${wire} netns ${other}`)
  await must(relay, script(RELAY_ADDRESS, machineAddress(number), `${net6}1`))
  await must(other, script(machineAddress(number), RELAY_ADDRESS, `${net6}2`))
}

/** A machine with the files of this one. */
export async function startMachine(context: TestContext, relay: number, number: number): Promise<Machine> {
  const holder = startProgram('unshare', [
    ...['--net', '--fork', '--kill-child', 'sh', '-c', 'ip link set lo up && echo ready && exec sleep infinity'],
  ])
  context.cleanup(() => holder.stop(0))
  await holder.says(/^ready$/m)
  const pid = Number((await readFile(`/proc/${holder.pid}/task/${holder.pid}/children`, 'utf8')).trim())
  await layWire(relay, pid, number)
  const inside = (command: string, args: string[]) => ['--target', String(pid), '--net', command, ...args]
  return {
    run: (command, args, options) => runProgram('nsenter', inside(command, args), { timeoutMs: 60_000, ...options }),
    start: (command, args) => {
      const program = startProgram('nsenter', inside(command, args))
      context.cleanup(() => program.stop())
      return program
    },
  }
}

async function must(pid: number, script: string): Promise<void> {
  const { code, stderr } = await runProgram('nsenter', ['--target', String(pid), '--net', 'sh', '-e', '-c', script])
  if (code !== 0) throw new Error(`${script}: ${stderr}`)
}
