/** A board with several uplinks: what is done to its networks, and what it says of them. Times are its own clock's, in milliseconds. */
import { type SupervisorStatus, supervisorStatusSchema } from '../../../formats/status-file.ts'
import { waitFor } from '../../../testbed/wait-for.ts'
import type { QemuMachine } from '../../machine/qemu.ts'
import type { Technician } from '../image/technician.ts'

/** What QEMU calls the network behind the board's own adapter. */
const CABLE_NETDEV = 'net0'
/** What the kernel calls that adapter. */
export const CABLE = 'eth0'
/** Milliseconds between two looks: each is work for an emulated board. */
const LOOK_MS = 1_000

export type Uplink = NonNullable<SupervisorStatus['uplinks']>[number]

export interface Board {
  machine: QemuMachine
  sh: QemuMachine['sh']
  tess: Technician
  nowMs(): Promise<number>
  /** The cable's plug, out of its socket or in it: its carrier goes and comes. */
  plugCable(isIn: boolean): Promise<void>
  /** Nothing comes or goes by the cable, and its carrier stays. */
  silenceCable(isSilent: boolean): Promise<void>
  /** Waits until its status is as wanted. */
  until(what: string, probe: (status: SupervisorStatus) => boolean, timeoutMs?: number): Promise<SupervisorStatus>
  untilUplink(name: string, what: string, probe: (uplink: Uplink) => boolean, timeoutMs?: number): Promise<Uplink>
  /**
   * Waits until the tunnel goes by this uplink, or by its only one, and is proved since then.
   * @returns when that was proved
   */
  untilCarriedBy(name: string | undefined, sinceMs: number, timeoutMs?: number): Promise<number>
  /** The same, whichever uplink it goes by. */
  untilProved(sinceMs: number): Promise<number>
  /** Forgets what happened to each uplink: a new supervisor. */
  forget(): Promise<void>
}

export function boardWith(machine: QemuMachine, tess: Technician, patienceMs: number): Board {
  const { sh, qmp } = machine
  const until: Board['until'] = async (what, probe, timeoutMs = patienceMs) => {
    let last = ''
    try {
      return await waitFor(
        what,
        async () => {
          if (machine.isOff()) throw new Error('it went off')
          last = await sh('cat /run/oobm/status.json 2>/dev/null || true')
          const { data: status } = supervisorStatusSchema.safeParse(JSON.parse(last || '{}'))
          return status && probe(status) ? status : undefined
        },
        { timeoutMs, paceMs: LOOK_MS },
      )
    } catch (err) {
      const network = await sh('ip -br address; ip route; journalctl -q -o cat -u oobm-supervisor -n 20').catch(String)
      throw new Error(`${err}; it says ${last}\n${network}`)
    }
  }
  const untilCarriedBy: Board['untilCarriedBy'] = async (name, sinceMs, timeoutMs) => {
    const { proof } = await until(
      `the tunnel to be proved by ${name ?? 'its only uplink'}`,
      status => status.uplinks?.find(({ carries }) => carries)?.name === name && isProved(status, sinceMs),
      timeoutMs,
    )
    return proof.provedAt ?? 0
  }
  const untilProved: Board['untilProved'] = async sinceMs => {
    const { proof } = await until('the tunnel to be proved', status => isProved(status, sinceMs))
    return proof.provedAt ?? 0
  }
  return {
    ...{ machine, sh, tess, until, untilCarriedBy, untilProved },
    nowMs: async () => Number(await sh('date +%s%3N')),
    plugCable: async up => {
      await qmp.execute('set_link', { name: CABLE_NETDEV, up })
    },
    silenceCable: async isSilent => {
      if (!isSilent) {
        await qmp.execute('object-del', { id: 'silence' })
        return
      }
      // A redirector passes nothing on to anyone but its chardev, and this one swallows it.
      const hole = { id: 'hole', backend: { type: 'null', data: {} } }
      await qmp.execute('chardev-add', hole).catch(() => {})
      const filter = { 'qom-type': 'filter-redirector', netdev: CABLE_NETDEV, queue: 'all', outdev: 'hole' }
      await qmp.execute('object-add', { ...filter, id: 'silence' })
    },
    untilUplink: async (name, what, probe, timeoutMs) => {
      const uplinkIn = ({ uplinks }: SupervisorStatus) => uplinks?.find(uplink => uplink.name === name)
      const status = await until(
        what,
        status => {
          const uplink = uplinkIn(status)
          return uplink !== undefined && probe(uplink)
        },
        timeoutMs,
      )
      return uplinkIn(status) as Uplink
    },
    forget: async () => {
      await sh('systemctl restart oobm-supervisor')
      await until(
        'a new supervisor to be proved',
        ({ connectedAt, proof }) => (proof.provedAt ?? 0) >= (connectedAt ?? Infinity),
      )
    },
  }
}

function isProved({ connectedAt, proof }: SupervisorStatus, sinceMs: number): boolean {
  return connectedAt !== null && (proof.provedAt ?? 0) >= Math.max(connectedAt, sinceMs)
}
