/** Names that we give: to the hosts in a technician's ssh_config and known_hosts, and to who comes by a device's own port. */

/** The host that a relay is. */
export function relayHost(relay: string): string {
  return `oobm-relay-${relay}`
}

/**
 * The relay as the hosts behind it name it: another fleet's relay may have the same name, and the first of that name would
 * be taken for both.
 */
export function jumpHost(relay: { name: string; host: string; port: number }, user: string): string {
  const address = `${user}_${relay.host}_${relay.port}`.toLowerCase().replaceAll(':', '-')
  return `${relayHost(relay.name)}_${address}`
}

/** The host that a console or a device's shell is by way of its `index`th relay: the plain name by way of the first. */
export function hostBy(name: string, relay: string, index: number): string {
  return index === 0 ? name : `${name}.${relay}`
}

/** Who comes with a gateway device's own key, in the device's list of technicians; the fleet keeps the name free. */
export const GATEWAY_TECHNICIAN = 'remote-admin'
