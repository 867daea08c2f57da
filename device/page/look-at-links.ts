/** The network interfaces of the board, as far as anybody may see them. */
import { readdir, readFile } from 'node:fs/promises'
import { networkInterfaces } from 'node:os'
import { join } from 'node:path'
import { readSignals } from '../../runtime/wireless.ts'
import type { PageLink } from './page-facts.ts'

export async function lookAtLinks(sysfs: string): Promise<PageLink[]> {
  const folder = join(sysfs, 'class/net')
  const names = (await readdir(folder).catch((): string[] => [])).sort()
  const signals = await readSignals()
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
