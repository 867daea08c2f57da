/** Lets changed networks take effect in the wpa_supplicant that runs, and leaves the network alone that the board is in. */
import type { RenderedNetwork } from '../provision/render-wpa.ts'
import type { Connection } from './connection.ts'
import type { Place } from './plan-change.ts'
import type { WpaControl } from './wpa-control.ts'

/**
 * Its `RECONFIGURE` ends the connection (wpa_supplicant_reload_configuration() in its source), so the networks are changed one
 * by one. A new one does not make it leave: it looks for another only when it has lost its own.
 * @param connection as it is
 * @param place the same, as the new networks have it
 */
export async function renewOthers(
  control: WpaControl,
  networks: readonly RenderedNetwork[],
  connection: Pick<Connection, 'id' | 'isNext'>,
  place: Place,
): Promise<void> {
  const { id } = connection
  const known = (await control.ask('list_networks')).flatMap(line => /^(\d+)\t/.exec(line)?.[1] ?? [])
  const own = networks.find(({ ssid, isNext }) => ssid === place.ssid && isNext === place.isNext)
  if (own !== undefined) await control.tell(`set_network ${id} priority ${own.priority}`)
  if (connection.isNext && !place.isNext) await control.tell(`set_network ${id} id_str ""`)
  for (const other of known) if (Number(other) !== id) await control.tell(`remove_network ${other}`)
  for (const network of networks) {
    if (network === own) continue
    const added = (await control.ask('add_network')).at(-1) ?? ''
    for (const line of network.lines) {
      const at = line.indexOf('=')
      await control.tell(`set_network ${added} ${line.slice(0, at)} ${line.slice(at + 1)}`)
    }
    await control.tell(`enable_network ${added}`)
  }
}
