/** The name servers of an uplink: what systemd-resolved knows of it, else systemd-networkd, else /etc/resolv.conf. */
import { readFileSync } from 'node:fs'
import { isIP } from 'node:net'
import { readNumber, runTool } from './kernel.ts'

export async function nameServersOf(uplink: string): Promise<string[]> {
  const index = readNumber(`/sys/class/net/${uplink}/ifindex`)
  const sources = [
    // `Link 3 (wlan0): 192.0.2.1 2001:db8::1`; an error where resolved does not run.
    () => runTool('resolvectl', ['dns', uplink]),
    // sd-network's own file, which resolved reads, too.
    async () => (/^DNS=(.*)$/m.exec(readFileSync(`/run/systemd/netif/links/${index}`, 'utf8')) ?? [])[1] ?? '',
    async () =>
      [...readFileSync('/etc/resolv.conf', 'utf8').matchAll(/^nameserver\s+(\S+)/gm)].map(([, one]) => one).join(' '),
  ]
  for (const source of sources) {
    const servers = usable(await source().catch(() => ''))
    if (servers.length > 0) return servers
  }
  return []
}

/** Those that the hosts' routes lead to: IPv4 where there is any. */
export function usable(text: string): string[] {
  const all = [...new Set(text.split(/\s+/))].filter(
    // No stub of this machine; a link-local address is one of a link that is not said.
    one => isIP(one) !== 0 && !/^(127\.|::1$|fe80:)/i.test(one),
  )
  const v4 = all.filter(one => isIP(one) === 4)
  return v4.length > 0 ? v4 : all
}
