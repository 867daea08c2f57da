/** A device's ports on the relay's public address (way 3, `gateway = true`): sshd listens on 127.0.0.1 as always, and nftables forwards to it. */

/** Lets the kernel deliver packets from outside to 127.0.0.0/8. The table below drops all but those that it forwards itself. */
export const GATEWAY_SYSCTL = 'net.ipv4.conf.all.route_localnet'

/** Deletes the table, whether it is there or not: declared first, so that the delete finds it. */
export const DELETE_GATEWAY_TABLE = 'table ip oobm_gateway {}\ndelete table ip oobm_gateway\n'

/**
 * A table of its own for `nft -f`, with or without our firewall; a firewall must accept the same ports in its input hook.
 * The order matters: to open, this table and then `sysctl -w {@link GATEWAY_SYSCTL}=1`; to close, `=0` and then
 * {@link DELETE_GATEWAY_TABLE}. Between the two, everything that listens on 127.0.0.1 would be open to the relay's neighbours.
 * In a unit: {@link gatewayUnitLines}. docs/decisions/0009 says why.
 * @param ports of the devices with `gateway = true`, both of each; without any, the text deletes the table
 */
export function renderGatewayTable(ports: readonly number[]): string {
  if (ports.length === 0) return DELETE_GATEWAY_TABLE
  return `${DELETE_GATEWAY_TABLE}table ip oobm_gateway {
  chain guard {
    type filter hook prerouting priority raw; policy accept;
    # Before anything is led anywhere: from outside, nobody speaks of 127.0.0.0/8.
    iifname != "lo" ip daddr 127.0.0.0/8 drop
    iifname != "lo" ip saddr 127.0.0.0/8 drop
  }
  chain lead {
    type nat hook prerouting priority dstnat; policy accept;
    iifname != "lo" fib daddr type local tcp dport { ${ports.join(', ')} } dnat to 127.0.0.1
  }
}
`
}

/** Lines for the relay's unit: open before sshd runs, closed after it. @param file where the table is, absolute */
export function gatewayUnitLines(file: string): string {
  return [
    `ExecStartPre=nft -f ${file}`,
    `ExecStartPre=sysctl -q -w ${GATEWAY_SYSCTL}=1`,
    `ExecStopPost=sysctl -q -w ${GATEWAY_SYSCTL}=0`,
    `ExecStopPost=nft 'table ip oobm_gateway {}; delete table ip oobm_gateway'`,
  ]
    .map(line => `${line}\n`)
    .join('')
}
