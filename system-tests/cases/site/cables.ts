/** The two cables of the board: one to a network that leads to the relay, and one to a laptop, which is a host of its own. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Finished, runProgram, startProgram } from '../../../testbed/run-program.ts'
import type { Undo } from '../../disposal.ts'
import { type Host, startHost } from '../../machine/host.ts'

/** This machine's end of each cable. */
const UP = 'up0'
const WIRE = 'wire0'
/** The network behind the uplink. */
export const OUTSIDE = '198.51.100.1'
const OUTSIDE_POOL = '198.51.100.100,198.51.100.199'
/** Seconds: the shortest that dnsmasq gives. */
const LEASE_S = 120

/** In the order in which the kernel calls them eth0 and eth1. */
export const ADAPTERS = [
  ['net0', UP],
  ['wire', WIRE],
].flatMap(([id, name]) => [
  ...['-netdev', `tap,id=${id},ifname=${name},script=no,downscript=no`],
  ...['-device', `virtio-net-pci,netdev=${id}`],
])

export interface Laptop extends Host {
  /** Makes the cable, in this namespace, where QEMU takes its end. */
  layCable(): Promise<void>
  /** When QEMU has its end. */
  plugIn(address: string): Promise<void>
  /** What it does at a shell, whatever comes of it. */
  ask(script: string): Promise<Finished>
  /** Leaves the cable with this address alone. */
  takes(address: string): Promise<void>
  /** Gives addresses on the cable, as a site's network does, until `stop`. */
  serveLeases(address: string, pool: string): Promise<{ stop(): Promise<void> }>
  /** TCP ports of an address that are open, as nmap sees them. */
  openPorts(address: string): Promise<string>
}

/** The cable to the network that leads to the relay. @param dns of that network */
export async function makeUplink(undo: Undo, folder: string, dns: string): Promise<void> {
  await makeTap(UP)
  await ip('address', 'add', `${OUTSIDE}/24`, 'dev', UP)
  await serve(undo, [], folder, { device: UP, gateway: OUTSIDE, dns, pool: OUTSIDE_POOL })
}

export async function makeLaptop(undo: Undo, folder: string): Promise<Laptop> {
  const host = await startHost(undo, 'laptop')
  return {
    ...host,
    layCable: async () => {
      await host.sh(`ip link delete ${WIRE} 2>/dev/null || true`)
      await makeTap(WIRE)
    },
    plugIn: async address => {
      await ip('link', 'set', WIRE, 'netns', String(host.pid))
      await host.sh(`ip link set ${WIRE} up; ip address add ${address} dev ${WIRE}`)
    },
    ask: script => host.run('sh', ['-c', script], { timeoutMs: 120_000 }),
    takes: async address => {
      await host.sh(`ip address flush dev ${WIRE}; ip address add ${address} dev ${WIRE}`)
    },
    serveLeases: async (address, pool) => {
      await host.sh(`ip address add ${address}/24 dev ${WIRE}`)
      const server = await serve(undo, host.under, folder, { device: WIRE, gateway: address, dns: address, pool })
      return {
        stop: async () => {
          await server.stop()
          await host.sh(`ip address del ${address}/24 dev ${WIRE}`)
        },
      }
    },
    openPorts: address => openPorts(host.under, address),
  }
}

/** @param under what leads a program to the host that looks @returns such as `22 80` */
export async function openPorts(under: readonly string[], address: string): Promise<string> {
  const [program = '', ...args] = [...under, 'nmap', '-Pn', '-n', '-sT', '-p', '1-9000', '--open', '-oG', '-', address]
  const { code, stdout, stderr } = await runProgram(program, args, { timeoutMs: 300_000 })
  if (code !== 0) throw new Error(`nmap: ${stderr}`)
  return [...stdout.matchAll(/(\d+)\/open\/tcp/g)].map(([, port]) => port).join(' ')
}

interface Leases {
  device: string
  gateway: string
  dns: string
  pool: string
}

async function serve(undo: Undo, under: readonly string[], folder: string, { device, gateway, dns, pool }: Leases) {
  const leases = join(folder, `${device}.leases`)
  await writeFile(leases, '')
  const [program = '', ...args] = [
    ...under,
    ...['dnsmasq', '--keep-in-foreground', '--conf-file=/dev/null', '--pid-file=', '--user=root', '--port=0'],
    ...[`--interface=${device}`, '--bind-interfaces', `--dhcp-range=${pool},${LEASE_S}`, '--dhcp-authoritative'],
    ...[`--dhcp-option=3,${gateway}`, `--dhcp-option=6,${dns}`, `--dhcp-leasefile=${leases}`],
  ]
  const server = startProgram(program, args)
  undo.cleanup(() => server.stop(0))
  return server
}

async function makeTap(name: string): Promise<void> {
  await ip('tuntap', 'add', 'dev', name, 'mode', 'tap')
  await ip('link', 'set', name, 'up')
}

async function ip(...args: string[]): Promise<void> {
  const { code, stderr } = await runProgram('ip', args)
  if (code !== 0) throw new Error(`ip ${args.join(' ')}: ${stderr}`)
}
