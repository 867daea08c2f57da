/** A relay of a world: the rendered configuration on a real sshd, and a second sshd on the same host for the peer. */
import { existsSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { INNER_SSHD_PORT } from '../../../../relay-config/fleet/fleet-schema.ts'
import { carryCertificate } from '../../../../relay-config/relay/apply/certificate.ts'
import type { Program } from '../../../../testbed/run-program.ts'
import { type Sshd, type SshdOptions, signalProcess, startSshd } from '../../../../testbed/sshd.ts'
import { waitFor } from '../../../../testbed/wait-for.ts'
import type { Undo } from '../../../disposal.ts'
import type { Host } from '../../../machine/host.ts'
import { PEER_PORT, RELAY_NAMES, RELAY_PORT } from './network.ts'

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

/** Where a relay is. */
export interface Place {
  addresses: readonly string[]
  /** The configuration of a HAProxy that has its port; sshd is behind it. */
  haproxy: string | undefined
}

/** `autossh tuned`: both sides give up after three of these seconds. */
const TUNED = ['ClientAliveInterval 15', 'ClientAliveCountMax 3']

export async function startRelay(
  undo: Undo,
  host: Host,
  options: SshdOptions,
  { addresses, haproxy }: Place,
): Promise<Relay> {
  let ours: Sshd | undefined
  let peers: Sshd | undefined
  let front: Program | undefined
  let earlier = ''
  const run = (directory: string, port: number, config: string[]) =>
    startSshd({ ...{ ...options, directory, port, under: host.under }, config })
  const open = addresses.map(one => `ListenAddress ${one}`)
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
      const config = options.config ?? []
      if (haproxy === undefined) ours = await run(directory, RELAY_PORT, [...open, ...config])
      else {
        ours = await run(directory, INNER_SSHD_PORT, config)
        front = await startHaproxy(host, directory, haproxy)
      }
      peers = await run(join(directory, 'peer'), PEER_PORT, [...open, ...TUNED])
    },
    crash: async () => {
      earlier = relay.log()
      await front?.stop(0)
      await waitFor('all sshd of a relay to end', async () => {
        const pids = await relay.sshdProcesses()
        for (const pid of pids) signalProcess(pid, 'SIGKILL')
        return pids.length === 0
      })
      ours = peers = front = undefined
    },
  }
  await relay.start()
  undo.cleanup(relay.crash)
  return relay
}

/** With the environment that its unit gives it. */
async function startHaproxy(host: Host, folder: string, config: string): Promise<Program> {
  const [file, certificate] = [join(folder, 'haproxy.cfg'), join(folder, 'tls.pem')]
  await writeFile(file, config)
  if (!existsSync(certificate)) await carryCertificate(join(folder, 'none'), certificate, RELAY_NAMES[0])
  const program = host.start('haproxy', ['-W', '-f', file], {
    env: { RUNTIME_DIRECTORY: folder, CREDENTIALS_DIRECTORY: folder },
  })
  await program.says(/Loading success/)
  return program
}
