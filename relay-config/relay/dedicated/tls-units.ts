/** The systemd units of a dedicated relay with `tls = true`: HAProxy, and what has its port when HAProxy fails (systemd.unit(5)). */
import type { Relay } from '../../fleet/fleet-config.ts'
import type { RelayPaths } from '../relay-paths.ts'
import type { Haproxy } from './haproxy-config.ts'
import { SSHD_ENVIRONMENT, UNIT } from './unit.ts'

/** HAProxy with a configuration of ours. The host's own haproxy.service is another unit, which this program never changes. */
export const TLS_UNIT = 'oobm-relay-tls'

/** sshd on the relay's port itself. */
export const PLAIN_UNIT = 'oobm-relay-plain'

export function renderTlsUnit({ port }: Relay, { haproxyConfig, certificate }: RelayPaths, haproxy: Haproxy): string {
  return `# Made by "oobm-relay apply": your changes here are lost; use "systemctl edit ${TLS_UNIT}".
[Unit]
Description=oobm relay: HAProxy, which takes SSH and SSH within TLS on port ${port}
After=network.target ${UNIT}.service
# When it does not start, or dies again and again: nobody is to be locked out.
OnFailure=${PLAIN_UNIT}.service
StartLimitIntervalSec=60
StartLimitBurst=5
ConditionPathExists=${haproxyConfig}

[Service]
Type=notify
ExecStart=${haproxy.path} -Ws -f ${haproxyConfig}
# The earlier process lets the port go and serves its connections to their end. With a wrong configuration, it keeps the port.
ExecReload=kill -USR2 $MAINPID
KillMode=mixed
Restart=on-failure
RestartSec=1
SuccessExitStatus=143
DynamicUser=yes
LoadCredential=tls.pem:${certificate}
RuntimeDirectory=${TLS_UNIT}
RuntimeDirectoryMode=0700
AmbientCapabilities=CAP_NET_BIND_SERVICE
CapabilityBoundingSet=CAP_NET_BIND_SERVICE
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX
PrivateDevices=yes
ProtectHome=yes
ProtectKernelTunables=yes
ProtectControlGroups=yes
# From it HAProxy computes how many connections it takes: two each, and four within TLS.
LimitNOFILE=65536

[Install]
WantedBy=multi-user.target
`
}

export function renderPlainUnit({ port }: Relay, { plainSshdConfig }: RelayPaths, sshd: string): string {
  return `# Made by "oobm-relay apply": your changes here are lost; use "systemctl edit ${PLAIN_UNIT}".
[Unit]
Description=oobm relay: sshd on port ${port} itself, because HAProxy failed
Conflicts=${TLS_UNIT}.service
After=network.target ${TLS_UNIT}.service
StartLimitIntervalSec=0
ConditionPathExists=${plainSshdConfig}

[Service]
Type=exec
ExecStartPre=mkdir -p -m 0755 /run/sshd
ExecStart=${sshd} -D -f ${plainSshdConfig} -o PidFile=none
Environment=${SSHD_ENVIRONMENT}
# Sessions are processes of their own, and stay when HAProxy has the port again.
KillMode=process
Restart=always
RestartSec=2
TasksMax=infinity
LimitNOFILE=65536
`
}
