/** The systemd unit of a dedicated relay's sshd (systemd.service(5)). */
import { join } from 'node:path'
import type { Relay } from '../../fleet/fleet-config.ts'
import { gatewayUnitLines } from '../../fleet/render/gateway.ts'
import type { RelayPaths } from '../relay-paths.ts'

/** Its name. The host's own ssh.service is another unit, which this program never changes. */
export const UNIT = 'oobm-relay-sshd'

/**
 * For glibc's malloc (mallopt(3)): a process that waits for days gives free memory back, and takes no more than it needs. A
 * device's two processes of sshd then have 5 % less.
 */
export const SSHD_ENVIRONMENT = `GLIBC_TUNABLES=${[
  'trim_threshold=4096',
  'mmap_threshold=16384',
  'top_pad=0',
  'tcache_count=0',
]
  .map(setting => `glibc.malloc.${setting}`)
  .join(':')}`

export function renderUnit(relay: Relay, paths: RelayPaths, sshd: string, hasGateways: boolean): string {
  const firewall = relay.firewall ? `ExecStartPre=nft -f ${paths.nftables}\n` : ''
  const gateways = hasGateways ? gatewayUnitLines(join(paths.relay, 'gateway.nft')) : ''
  return `# Made by "oobm-relay apply": your changes here are lost; use "systemctl edit ${UNIT}".
[Unit]
Description=oobm relay: sshd for devices and technicians
After=network.target
ConditionPathExists=${paths.sshdConfig}

[Service]
Type=exec
# Shared with ssh.service: RuntimeDirectory= would remove it when one of the two stops.
ExecStartPre=mkdir -p -m 0755 /run/sshd
${firewall}${gateways}ExecStart=${sshd} -D -f ${paths.sshdConfig}
ExecReload=${sshd} -t -f ${paths.sshdConfig}
ExecReload=kill -HUP $MAINPID
Environment=${SSHD_ENVIRONMENT}
# Sessions are processes of their own, and outlive a restart.
KillMode=process
Restart=always
RestartSec=2
RestartPreventExitStatus=255
# A device is three processes.
TasksMax=infinity
LimitNOFILE=65536

[Install]
WantedBy=multi-user.target
`
}
