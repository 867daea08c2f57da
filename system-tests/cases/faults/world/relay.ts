/** A relay of a world: the rendered configuration on a real sshd, and a second sshd on the same host for the peer. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Sshd, type SshdOptions, signalProcess, startSshd } from '../../../../testbed/sshd.ts'
import { waitFor } from '../../../../testbed/wait-for.ts'
import type { Undo } from '../../../disposal.ts'
import type { Host } from '../../../machine/host.ts'
import { PEER_PORT, RELAY_PORT } from './network.ts'

export interface Relay {
  readonly host: Host
  /** What our sshd has logged since the start of the world. */
  log(): string
  /** Every sshd process: listeners and sessions. */
  sshdProcesses(): Promise<number[]>
  /** Those alone that hold a connection. */
  sessions(): Promise<number[]>
  /** Ends both sshd with all sessions at once, as a crash or a restart of the host does. */
  crash(): Promise<void>
  start(): Promise<void>
  /** Processes that accept connections, without the sessions. */
  listeners(): number[]
}

/** `autossh tuned`: both sides give up after three of these seconds. */
const TUNED = ['ClientAliveInterval 15', 'ClientAliveCountMax 3']

export async function startRelay(
  undo: Undo,
  host: Host,
  options: SshdOptions,
  addresses: readonly string[],
): Promise<Relay> {
  let ours: Sshd | undefined
  let peers: Sshd | undefined
  let earlier = ''
  const run = (directory: string, port: number, config: string[]) =>
    startSshd({
      ...{ ...options, directory, port, under: host.under },
      config: [...addresses.map(one => `ListenAddress ${one}`), ...config],
    })
  const relay: Relay = {
    host,
    log: () => earlier + (ours?.log() ?? ''),
    sshdProcesses: async () => {
      const pids = await host.processes()
      const names = await Promise.all(pids.map(pid => readFile(`/proc/${pid}/comm`, 'utf8').catch(() => '')))
      return pids.filter((_, at) => names[at]?.startsWith('sshd'))
    },
    sessions: async () => {
      const listeners = relay.listeners()
      return (await relay.sshdProcesses()).filter(pid => !listeners.includes(pid))
    },
    listeners: () => [ours, peers].flatMap(sshd => (sshd ? [sshd.program.pid] : [])),
    start: async () => {
      const { directory } = options
      ours = await run(directory, RELAY_PORT, options.config ?? [])
      peers = await run(join(directory, 'peer'), PEER_PORT, TUNED)
    },
    crash: async () => {
      earlier = relay.log()
      await waitFor('all sshd of a relay to end', async () => {
        const pids = await relay.sshdProcesses()
        for (const pid of pids) signalProcess(pid, 'SIGKILL')
        return pids.length === 0
      })
      ours = peers = undefined
    },
  }
  await relay.start()
  undo.cleanup(relay.crash)
  return relay
}
