/** The configuration of the HAProxy that shares a relay's port between SSH and SSH within TLS (HAProxy's Configuration Manual). */
import { relaysOf } from '../../fleet/access.ts'
import type { Fleet, Relay } from '../../fleet/fleet-config.ts'
import { ADMIN_SERVICE, INNER_SSHD_PORT } from '../../fleet/fleet-schema.ts'
import { loginGraceS, PRIVATE_NETWORKS, placesOfOneSource } from './relay-sshd-config.ts'

/** The HAProxy of this host. */
export interface Haproxy {
  path: string
  /** Whether this host has IPv6: where the kernel has none, HAProxy would not start. */
  hasIpv6: boolean
}

/** Connections of one source beside four for each device: technicians behind one address have many consoles open. */
const BESIDE_DEVICES = 1_000
/** Seconds without a byte in a connection that is in use: sshd asks a silent client long before (ClientAliveInterval). */
const SILENT_S = 600

/**
 * The first byte decides: 0x16 is a TLS record of a handshake (RFC 8446, 5.1), `S` begins an SSH identification (RFC 4253, 4.2). A
 * client that waits for the server's identification gets it after the delay.
 *
 * A source is an IPv4 address, or a /64 of IPv6. Rejected connections are not counted: whoever tries too often still gets the
 * places of each period, and so do those who share the address.
 */
export function renderHaproxyConfig(fleet: Fleet, relay: Relay, { hasIpv6 }: Pick<Haproxy, 'hasIpv6'>): string {
  const devices = fleet.devices.filter(device => relaysOf(fleet, device).includes(relay)).length
  const places = placesOfOneSource(hundreds(devices + fleet.technicians.length))
  const connections = BESIDE_DEVICES + 4 * (hundreds(devices) + 100)
  const graceS = loginGraceS(fleet, relay)
  const exempt = [...PRIVATE_NETWORKS, ...relay.exemptNetworks].join(' ')
  const source = 'src,ipmask(32,64)'
  const admin = adminParts(relay)
  return `# HAProxy of relay "${relay.name}", made by "oobm-relay apply": your changes here are lost. This is not the host's own HAProxy.
global
  log stdout format raw local0 info

defaults
  mode tcp
  log global
  option logasap
  timeout connect 5s
  # Until sshd is reached: of a TLS handshake, for example.
  timeout client ${graceS}s
  timeout server ${graceS}s
  timeout tunnel ${SILENT_S}s
  timeout client-fin 30s
  timeout server-fin 30s

# A source has as many places to log in as PerSourceMaxStartups would give it: sshd keeps one for ${graceS} s.
backend sources
  stick-table type ipv6 size 100k expire ${graceS}s store conn_cur,conn_rate(${graceS}s)

frontend shared
  bind 0.0.0.0:${relay.port}
${hasIpv6 ? `  bind [::]:${relay.port} v6only\n` : ''}  log-format "${sourceLine('')}"
  acl is_exempt src ${exempt}
  tcp-request connection reject if { ${source},table_conn_cur(sources) ge ${connections} }
  tcp-request connection reject if !is_exempt { ${source},table_conn_rate(sources) ge ${places} }
  tcp-request connection track-sc0 ${source} table sources
  tcp-request inspect-delay 1s
  acl is_said req.len gt 0
  acl is_ssh req.payload(0,1) -m bin 53
  acl is_tls req.payload(0,1) -m bin 16
  tcp-request content set-log-level silent if is_said !is_ssh
  tcp-request content reject if is_said !is_ssh !is_tls
  use_backend tls if is_tls
  default_backend sshd

backend tls
  server within unix@"\${RUNTIME_DIRECTORY}/tls.sock" send-proxy-v2

frontend within_tls
  bind unix@"\${RUNTIME_DIRECTORY}/tls.sock" mode 600 accept-proxy ssl crt "\${CREDENTIALS_DIRECTORY}/tls.pem" ssl-min-ver TLSv1.2${admin.alpn}
  log-format "${sourceLine(' within TLS')}"
${admin.use}  default_backend sshd

backend sshd
  server sshd 127.0.0.1:${INNER_SSHD_PORT}
${admin.backend}`
}

/** What leads to the host's own sshd. */
function adminParts({ adminTls, adminPort }: Relay): { alpn: string; use: string; backend: string } {
  if (!adminTls) return { alpn: '', use: '', backend: '' }
  return {
    alpn: ` alpn ${ADMIN_SERVICE}`,
    use: `  use_backend admin if { ssl_fc_alpn ${ADMIN_SERVICE} }\n`,
    backend: `\nbackend admin\n  server sshd 127.0.0.1:${adminPort}\n`,
  }
}

/** What HAProxy logs once it has reached sshd. state/sources.ts reads it. */
const sourceLine = (how: string) => `%ci:%cp by 127.0.0.1:%bp${how}`

/** So that not every device that is added changes the configuration: after a reload, the earlier process serves its connections on. */
function hundreds(count: number): number {
  return Math.floor(count / 100) * 100
}
