/** How hosts at a wired port are led out, as lines for a terminal; pure. */
import type { RouterStatus } from '../../formats/router.ts'
import { zonedTimeText } from '../../runtime/time-text.ts'
import type { RouterReading } from './read-routers.ts'

/** @returns the first line names the port */
export function describeRouter({ address, status }: RouterReading): string[] {
  if (status === undefined)
    return [`${address}: oobm-router does not run there: systemctl status oobm-router@${address}`]
  const { uplink, problems, dhcp, budget, upBytes, downBytes, refusedPackets } = status
  const out =
    uplink === null ? 'nothing leads out, hosts are told so at once' : `hosts go out by ${uplink.name}: ${uplink.why}`
  return [
    `${status.interface} ${address}${status.routes ? `, ${out}` : ''}`,
    ...problems,
    ...(dhcp === null ? ['gives no addresses'] : [describeDhcp(dhcp)]),
    ...(status.routes
      ? [
          describeOrder(uplink),
          ...(budget === null ? [] : [describeBudget(budget)]),
          `${megabytes(upBytes)} up and ${megabytes(downBytes)} down since the start, ${refusedPackets} packets refused`,
          'IPv6 of hosts is not led out',
        ]
      : []),
  ]
}

export function describeDhcp({ first, last, leases, otherServers }: NonNullable<RouterStatus['dhcp']>): string {
  if (otherServers.length > 0)
    return `gives no addresses: another DHCP server answers there, ${otherServers.join(' and ')}`
  return `${leases} ${leases === 1 ? 'lease' : 'leases'} of ${first} to ${last}`
}

function describeOrder(uplink: RouterStatus['uplink']): string {
  if (uplink === null) return 'no order of packets'
  if (uplink.kbit === null) return `the tunnel goes first; how fast ${uplink.name} is, is not known`
  const { up, down } = uplink.kbit
  return `the tunnel goes first, within ${up} kbit/s up and ${down} down`
}

export function describeBudget({ bytes, usedBytes, resetsAt, zone }: NonNullable<RouterStatus['budget']>): string {
  const end = `until ${zonedTimeText(resetsAt, zone)}`
  const used = `${megabytes(usedBytes)} of ${megabytes(bytes)} are used`
  return usedBytes >= bytes ? `${used}: nobody but the tunnel goes out, ${end}` : `${used}, ${end}`
}

export function megabytes(bytes: number): string {
  const number = bytes / 1e6
  return `${number < 10 ? number.toFixed(1) : Math.round(number)} MB`
}
