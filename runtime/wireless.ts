/** How strongly a board hears its Wi-Fi, as the kernel tells everybody. */
import { readFile } from 'node:fs/promises'

/**
 * @param path for tests; a process has its own view of the network: proc_net(5)
 * @returns dBm by the names of wireless interfaces; none where no radio is in a network, or there is no /proc
 */
export async function readSignals(path = '/proc/self/net/wireless'): Promise<Map<string, number>> {
  return signalsIn(await readFile(path, 'utf8').catch(() => ''))
}

/** proc_net(5): ` wlan0: 0000   54.  -56.  -256 …`: quality, then level in dBm. */
export function signalsIn(wireless: string): Map<string, number> {
  const lines = wireless.matchAll(/^\s*(\S+):\s+\S+\s+\S+\s+(-\d+)\.?\s/gm)
  return new Map([...lines].map(([, name = '', level]) => [name, Number(level)]))
}
