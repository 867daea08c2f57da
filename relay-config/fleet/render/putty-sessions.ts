/**
 * A technician's sessions for PuTTY 0.77 and later: each console and each shell through its relay (way 1), with pinned host keys.
 * The keys and values are PuTTY's own, of its settings.c; a Windows registry and a folder of files hold the same.
 */
import { listenersOf } from '../../../formats/listeners.ts'
import { fingerprint } from '../../../formats/ssh-key.ts'
import { accessOf, pinnedKeysOf, relayLoginOf, relaysOf } from '../access.ts'
import type { Device, Fleet, Relay, Technician } from '../fleet-config.ts'
import { hostBy, relayHost } from '../host-names.ts'
import type { DeviceHostKeys } from './known-hosts.ts'

/** By name. */
export type PuttySessions = Map<string, Record<string, string | number>>

/** SSH to the proxy, and a forwarded port there: `ProxyMethod` since PuTTY 0.77. */
const BY_SSH = 6
/** Lines that can be scrolled back to. */
const SCROLLBACK_LINES = 10_000

/** What every session has. What the target says must change nothing of PuTTY itself. */
const EVERY_SESSION = {
  Protocol: 'ssh',
  SshProt: 3,
  TryAgent: 1,
  AgentFwd: 0,
  X11Forward: 0,
  Compression: 0,
  // Seconds between two empty messages: a dead connection is noticed.
  ...{ PingInterval: 0, PingIntervalSecs: 15, TCPKeepalives: 1 },
  ...{ LineCodePage: 'UTF-8', ScrollbackLines: SCROLLBACK_LINES },
  ...{ NoRemoteWinTitle: 1, NoRemoteResize: 1, NoRemoteCharset: 1, NoRemotePrinting: 1, RemoteQTitleAction: 0 },
}

/**
 * @param keysOf the host keys of a device of this fleet
 * @param keyFile the private key in PuTTY's form, on the technician's machine; Pageant's keys when left out
 */
export function puttySessions(
  fleet: Fleet,
  technician: Technician,
  keysOf: (device: Device) => DeviceHostKeys,
  keyFile?: string,
): PuttySessions {
  const sessions: PuttySessions = new Map()
  const key = keyFile === undefined ? {} : { PublicKeyFile: keyFile }
  const add = (name: string, settings: Record<string, string | number>) =>
    sessions.set(name, { ...EVERY_SESSION, ...key, WinTitle: name, ...settings })
  for (const { device, consoles, spares, shell } of accessOf(fleet, technician)) {
    const ports = listenersOf(device.port)
    const keys = keysOf(device)
    const targets = [
      ...(shell
        ? [{ name: device.name, port: ports.shell, user: device.shellUser ?? technician.name, hostKey: keys.shell }]
        : []),
      ...[...consoles.map(({ name }) => name), ...spares].map(name => {
        return { name, port: ports.console, user: name, hostKey: keys.bridge }
      }),
    ]
    for (const [index, relay] of relaysOf(fleet, device).entries()) {
      add(relayHost(relay.name), relaySession(relay, technician))
      for (const { name, port, user, hostKey } of targets) {
        const target = {
          ...{ HostName: '127.0.0.1', PortNumber: port, UserName: user },
          // Every console has this address: the logical name keeps their keys apart.
          ...{ LogHost: name, SSHManualHostKeys: fingerprint(hostKey) },
          ...{ ProxyMethod: BY_SSH, ProxyHost: relayHost(relay.name), ProxyLocalhost: 1 },
        }
        if (index === 0) add(name, target)
        if (relaysOf(fleet, device).length > 1) add(hostBy(name, relay.name), target)
      }
    }
  }
  return sessions
}

function relaySession(relay: Relay, technician: Technician) {
  return {
    ...{ HostName: relay.host, PortNumber: relay.port, UserName: relayLoginOf(relay, technician) },
    ...{ LogHost: relayHost(relay.name), SSHManualHostKeys: pinnedKeysOf(relay).map(fingerprint).join(',') },
  }
}

/** For `reg import`; REGEDIT4 is its form for ASCII, with the line ends of Windows. */
export function puttyRegistry(sessions: PuttySessions): string {
  const escaped = (text: string) => text.replace(/["\\]/g, '\\$&')
  const value = (setting: string | number) =>
    typeof setting === 'number' ? `dword:${setting.toString(16).padStart(8, '0')}` : `"${escaped(setting)}"`
  const lines = [...sessions].flatMap(([name, settings]) => [
    '',
    `[HKEY_CURRENT_USER\\Software\\SimonTatham\\PuTTY\\Sessions\\${name}]`,
    ...Object.entries(settings).map(([key, setting]) => `"${key}"=${value(setting)}`),
  ])
  return ['REGEDIT4', ...lines, ''].join('\r\n')
}

/** A file of ~/.putty/sessions. */
export function puttyFile(settings: Record<string, string | number>): string {
  return Object.entries(settings)
    .map(([key, value]) => `${key}=${value}\n`)
    .join('')
}

/** A script that writes them as files: a technician of a large fleet has thousands. The folder is the one that PuTTY itself takes. */
export function puttyScript(sessions: PuttySessions): string {
  const files = [...sessions].map(([name, settings]) => `write ${name} <<'END'\n${puttyFile(settings)}END\n`)
  return `#!/bin/sh
# Writes ${sessions.size} sessions for PuTTY on Linux: sh putty-linux.sh [DIRECTORY]
set -eu
umask 077
config=\${XDG_CONFIG_HOME:-$HOME/.config}/putty
[ -d "$config" ] || config=$HOME/.putty
folder=\${1:-\${PUTTYDIR:-$config}/sessions}
mkdir -p "$folder"
write() {
  cat >"$folder/$1"
}
${files.join('')}echo "${sessions.size} sessions are in $folder"
`
}
