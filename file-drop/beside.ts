/** Which clients are on the network of one of our addresses; pure. */
import { BlockList, isIPv4 } from 'node:net'
import type { NetworkInterfaceInfo } from 'node:os'

/**
 * A client elsewhere came in by another interface, or by a route: the answer could leave by an uplink.
 * @param interfaces os.networkInterfaces() at this moment
 * @returns undefined where no interface has the address
 */
export function networkOf(
  address: string,
  interfaces: Readonly<Record<string, readonly Pick<NetworkInterfaceInfo, 'address' | 'cidr'>[] | undefined>>,
): BlockList | undefined {
  const found = Object.values(interfaces)
    .flatMap(list => list ?? [])
    .find(one => one.address === address)
  const [net = '', bits = ''] = found?.cidr?.split('/') ?? []
  if (!isIPv4(net)) return undefined
  const list = new BlockList()
  list.addSubnet(net, Number(bits), 'ipv4')
  return list
}
