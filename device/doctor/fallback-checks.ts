/** `oobm doctor` on fallback addresses: whether each is on its interface now, and why. */
import { readdir, readFile } from 'node:fs/promises'
import { type NetworkInterfaceInfo, networkInterfaces } from 'node:os'
import { join } from 'node:path'
import { provisioningDirectory } from '../../formats/directories.ts'
import { overlaps } from '../../formats/ip-networks.ts'
import { type Check, type Finding, ok, warning, wrong } from './finding.ts'

type Interfaces = Readonly<Record<string, readonly NetworkInterfaceInfo[] | undefined>>

/** None if no interface has such an address. */
export function fallbackChecks(env: NodeJS.ProcessEnv): Check[] {
  return [
    {
      what: 'fallback address',
      run: async report => {
        const directory = provisioningDirectory(env)
        const files = await readdir(directory).catch(() => [])
        for (const file of files.sort()) {
          const [, name] = /^fallback-(.+)$/.exec(file) ?? []
          if (name === undefined) continue
          const address = (await readFile(join(directory, file), 'utf8')).trim()
          report(describeFallback(name, address, networkInterfaces()))
        }
      },
    },
  ]
}

/** @param fallback with its length, such as 192.168.77.1/24 */
export function describeFallback(name: string, fallback: string, interfaces: Interfaces): Finding {
  const what = `fallback address ${name}`
  const unit = `systemctl status oobm-fallback@${name.replaceAll('-', '\\x2d')}`
  const own = addressesOf(interfaces[name])
  const isSet = own.includes(fallback)
  const lease = own.find(address => address !== fallback)
  const [other, theirs] =
    Object.entries(interfaces)
      .flatMap(([each, list]) => addressesOf(list).map(address => [each, address] as const))
      .find(([each, address]) => each !== name && overlaps(address, fallback)) ?? []
  if (isSet && lease !== undefined)
    return wrong(what, `${fallback} is there beside ${lease}`, `within 5 s one of them should go: ${unit}`)
  if (isSet) return ok(what, `${fallback} is there: no lease`)
  if (lease !== undefined && overlaps(lease, fallback)) {
    const remedy = 'choose a network for it that no site has, such as 192.168.177.1/24, and import that'
    return warning(what, `is in the same network as the lease, ${lease}: who expects ${fallback} meets others`, remedy)
  }
  if (lease !== undefined) return ok(what, `${fallback} is away: there is ${lease}`)
  if (other !== undefined) {
    const remedy = 'choose a network for it that no site has, such as 192.168.177.1/24, and import that'
    return warning(what, `${fallback} is away: ${other} has ${theirs}, in the same network`, remedy)
  }
  return warning(what, `${fallback} is away`, `plug a cable in; another host there may have it: ${unit}`)
}

function addressesOf(list: readonly NetworkInterfaceInfo[] = []): string[] {
  return list.flatMap(({ family, cidr }) => (family === 'IPv4' && cidr !== null ? [cidr] : []))
}
