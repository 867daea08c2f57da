/** The interface that leads to the internet, for people who look at a fleet: `eth0`, `wwan0`. */
import { readFile } from 'node:fs/promises'

/** @returns undefined where there is no default route, or no /proc */
export async function readUplink(): Promise<string | undefined> {
  return (await readUplinks())[0]
}

/** All interfaces that have a default route, the one that is used first. */
export async function readUplinks(): Promise<string[]> {
  const [v4, v6] = await Promise.all(
    ['route', 'ipv6_route'].map(name => readFile(`/proc/net/${name}`, 'utf8').catch(() => '')),
  )
  return uplinksOf(v4 ?? '', v6 ?? '')
}

/**
 * The interfaces of the default routes: the one of the least metric first, IPv4 before IPv6.
 * @param v4 the text of /proc/net/route: name, destination, gateway, flags, three counters with the metric, mask
 * @param v6 the text of /proc/net/ipv6_route: destination, its length, source, its length, next hop, metric, …, name
 */
export function uplinksOf(v4: string, v6: string): string[] {
  const rows = (text: string) => text.split('\n').map(line => line.trim().split(/\s+/))
  const found = [
    ...rows(v4)
      .filter(([, destination, , , , , , mask]) => destination === '00000000' && mask === '00000000')
      .map(([name, , , , , , metric]) => ({ name, metric: Number(metric) })),
    ...rows(v6)
      .filter(row => /^0{32}$/.test(row[0] ?? '') && row[1] === '00' && row.at(-1) !== 'lo')
      .map(row => ({ name: row.at(-1), metric: 2 ** 32 + Number.parseInt(row[5] ?? '', 16) })),
  ]
  return [...new Set(found.toSorted((a, b) => a.metric - b.metric).flatMap(({ name }) => name ?? []))]
}
