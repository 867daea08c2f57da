/** `oobm doctor` on what listens where: per address and side, which services are ours, and what nobody expects there; pure. */
import type { DeviceConfig } from '../../formats/device-config.ts'
import type { SidedAddress } from '../../formats/sides.ts'
import { type Finding, ok, warning, wrong } from './finding.ts'
import { type Listener, listensAt } from './listeners.ts'

/** A listener with the unit in which it runs, where that is known. */
export type Service = Listener & { unit?: string | undefined }

export interface ListenFacts {
  config: Pick<DeviceConfig, 'shell' | 'bridge'>
  services: readonly Service[]
  addresses: readonly SidedAddress[]
  /** Whether the rules are loaded that close sshd on the uplink side; undefined where only root can know. */
  sshIsClosed: boolean | undefined
}

const LOOPBACK = { interface: 'lo', address: '127.0.0.1' }

export function judgeListeners(facts: ListenFacts): Finding[] {
  const { services, addresses } = facts
  const tunnel = namesOf(
    facts,
    services.filter(service => listensAt(service, LOOPBACK) && service.protocol === 'tcp'),
  )
  return [
    ok('listens on 127.0.0.1', `reached through the tunnel: ${tunnel}`),
    ...addresses.map(address =>
      judgeAddress(
        facts,
        address,
        services.filter(service => listensAt(service, address)),
      ),
    ),
  ]
}

function judgeAddress(facts: ListenFacts, sided: SidedAddress, services: readonly Service[]): Finding {
  const { interface: name, address, side, why } = sided
  const { shell } = facts.config
  const what = `listens on ${address}`
  const where = `${name}, ${side} (${why})`
  if (side === 'local') return ok(what, `${where}: ${namesOf(facts, services)}`)
  const ssh = services.filter(service => isSshd(service, facts))
  const forOthers = services.filter(
    service => service.unit?.startsWith('oobm-') === true && service.address === address,
  )
  if (forOthers.length > 0) {
    const units = [...new Set(forOthers.map(({ unit }) => unit))].join(' ')
    const remedy = `sudo systemctl stop ${units}; sudo systemctl restart oobm-sides`
    return wrong(what, `${where}: ${namesOf(facts, forOthers)}, which is for local addresses only`, remedy)
  }
  if (!shell.sshOnUplink && ssh.length > 0 && facts.sshIsClosed === false) {
    const remedy = 'sudo systemctl restart oobm-sides; journalctl -u oobm-sides -n 20'
    return wrong(what, `${where}: sshd :${shell.port} is open, and shell.ssh_on_uplink is false`, remedy)
  }
  const others = services.filter(service => !isSshd(service, facts) && !isDhcpClient(service) && !isMdns(service))
  const closed = facts.sshIsClosed === undefined ? 'should be closed; sudo oobm doctor looks' : 'closed'
  const sshd =
    shell.sshOnUplink || ssh.length === 0 ? namesOf(facts, ssh) : `sshd :${shell.port} (${closed}: ssh_on_uplink)`
  if (others.length === 0) return ok(what, `${where}: ${sshd}`)
  const remedy = 'whoever is on that side reaches it: stop it, or let it listen on 127.0.0.1 (sudo ss -tulnp)'
  return warning(what, `${where}: ${sshd}, and ${namesOf(facts, others)}`, remedy)
}

function isSshd({ protocol, port }: Service, { config }: ListenFacts): boolean {
  return protocol === 'tcp' && port === config.shell.port
}

/** RFC 2131, 8415. */
function isDhcpClient({ protocol, port }: Service): boolean {
  return protocol === 'udp' && (port === 68 || port === 546)
}

/** systemd-resolved listens everywhere, and answers where `sides` has it answer. Only root knows whose listener it is. */
function isMdns({ protocol, port, program }: Service): boolean {
  return protocol === 'udp' && port === 5353 && (program ?? 'systemd-resolve').startsWith('systemd-resolve')
}

function namesOf(facts: ListenFacts, services: readonly Service[]): string {
  const names = services.map(
    service => `${nameOf(facts, service)} ${service.protocol === 'udp' ? 'UDP ' : ''}:${service.port}`,
  )
  return [...new Set(names)].join(', ') || 'nothing'
}

/** `oobm-files-ftp@192.168.77.1.service` is our `files-ftp`. */
function nameOf(facts: ListenFacts, service: Service): string {
  if (isSshd(service, facts)) return 'sshd'
  if (service.protocol === 'tcp' && service.port === facts.config.bridge.port && service.address === LOOPBACK.address)
    return 'console bridge'
  const [, own] = /^oobm-([^@]+)@/.exec(service.unit ?? '') ?? []
  if (own !== undefined) return own
  // systemd listens in the place of oobm-page@.service and oobm-console@.service until somebody asks.
  if (service.program === 'systemd' && service.port === 80) return 'page'
  if (service.program === 'systemd' && service.port === 2222) return 'consoles'
  const known = { 53: 'DNS', 67: 'DHCP server', 68: 'DHCP client', 546: 'DHCP client', 5353: 'mDNS' }[service.port]
  return known ?? service.program ?? 'a program'
}
