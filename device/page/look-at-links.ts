/** The network interfaces of the board, as far as anybody may see them. */
import { readdir, readFile } from 'node:fs/promises'
import { networkInterfaces } from 'node:os'
import { join } from 'node:path'
import type { PageLink } from './page-facts.ts'

/** @param wireless /proc/net/wireless */
export async function lookAtLinks(sysfs: string, wireless = '/proc/net/wireless'): Promise<PageLink[]> {
  const folder = join(sysfs, 'class/net')
  const names = (await readdir(folder).catch((): string[] => [])).sort()
  const signals = signalsIn(await readFile(wireless, 'utf8').catch(() => ''))
  const addresses = networkInterfaces()
  const links = names.map(async name => {
    const read = (file: string) => readFile(join(folder, name, file), 'utf8').catch(() => '')
    // ARPHRD_LOOPBACK.
    if ((await read('type')).trim() === '772') return []
    const speed = Number(await read('speed'))
    return [
      {
        name,
        isUp: (await read('carrier')).trim() === '1',
        speed: speed > 0 ? speed : undefined,
        signalDbm: signals.get(name),
        addresses: (addresses[name] ?? [])
          .map(({ address }) => address)
          .filter(address => !address.startsWith('fe80:')),
      },
    ]
  })
  return (await Promise.all(links)).flat()
}

/** proc_pid_net(5): ` wlan0: 0000   54.  -56.  -256 …`: quality, then level in dBm. */
export function signalsIn(wireless: string): Map<string, number> {
  const lines = wireless.matchAll(/^\s*(\S+):\s+\S+\s+\S+\s+(-\d+)\.?\s/gm)
  return new Map([...lines].map(([, name = '', level]) => [name, Number(level)]))
}
