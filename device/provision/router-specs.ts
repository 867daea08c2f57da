/** What `oobm-router` is to do at each local address, from the settings of the site; pure. */
import { servedRange } from '../../formats/dhcp-server.ts'
import { vendorOptionHex } from '../../formats/first-installation.ts'
import { type RouterSpec, routerSpecName } from '../../formats/router.ts'
import type { Site } from '../../formats/site-config.ts'

/** @returns file name → spec; none for ports where it has nothing to do */
export function routerSpecs({ interfaces, firstInstallation }: Site): Record<string, RouterSpec> {
  const specs: Record<string, RouterSpec> = {}
  for (const entry of interfaces) {
    const range = servedRange(entry)
    const routes = entry.role === 'router'
    if ((!routes && range === undefined) || entry.address === undefined) continue
    const [address = '', length] = entry.address.split('/')
    specs[routerSpecName(address)] = {
      version: 1,
      ...{ interface: entry.name, address, prefixLength: Number(length), routes },
      dhcp: range ?? null,
      installations: range === undefined ? [] : firstInstallation.map(one => installationOf(one, address)),
    }
  }
  return specs
}

function installationOf(
  entry: Site['firstInstallation'][number],
  address: string,
): RouterSpec['installations'][number] {
  const { mac, vendorClass, nextServer, bootFile, tftpServerName, tftpServers } = entry
  return {
    ...{ mac, vendorClass, bootFile, tftpServerName, tftpServers },
    nextServer: nextServer ?? address,
    vendorOptions: vendorOptionHex(entry),
  }
}
