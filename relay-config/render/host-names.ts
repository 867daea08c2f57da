/** What the hosts in a technician's ssh_config and known_hosts are called. */

/** The host that a relay is. */
export function relayHost(relay: string): string {
  return `oobm-relay-${relay}`
}

/** The host that a console or a device's shell is by way of its `index`th relay: the plain name by way of the first. */
export function hostBy(name: string, relay: string, index: number): string {
  return index === 0 ? name : `${name}.${relay}`
}
