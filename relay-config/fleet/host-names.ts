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

/** Who has issued the certificate of a relay with `tls = true`. */
export const CERTIFICATE_NAME = 'oobm-relay'

/** The name of the relay that {@link relayHost} or {@link jumpHost} names; a host of another name stays as it is. */
export function relayNamed(host: string): string {
  return /^oobm-relay-([^_]+)/.exec(host)?.[1] ?? host
}

/** The host that a console or a device's shell is by way of one relay, where its device has several. */
export function hostBy(name: string, relay: string): string {
  return `${name}.${relay}`
}

/** Who comes with a gateway device's own key, in the device's list of technicians; the fleet keeps the name free. */
export const GATEWAY_TECHNICIAN = 'remote-admin'
