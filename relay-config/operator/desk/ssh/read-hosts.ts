/** The hosts of a technician's folder: what its ssh_config, which "oobm-relay render" wrote, says of each; pure. */
import { relayNamed } from '../../../fleet/host-names.ts'

export interface KnownHost {
  /** The names that may be typed. */
  names: readonly [string, ...string[]]
  hostName: string
  port: number
  user: string
  jump: string | undefined
}

export interface KnownHosts {
  relays: readonly { name: string; hosts: readonly string[]; host: string }[]
  /** Consoles and shells, each with the port on its relay and that relay's hosts. */
  targets: readonly { name: string; port: number; user: string; jump: string; isShell: boolean }[]
}

/** Reads what our own files have: a line for each setting, `Host` with plain names. */
export function readHosts(text: string): KnownHosts {
  const blocks = [...text.matchAll(/^Host (.+)\n((?: {2}.*\n?)*)/gm)].map(([, names = '', body = '']) => {
    const setting = (key: string) => new RegExp(`^ {2}${key} (.*)$`, 'm').exec(body)?.[1]
    return {
      names: names.trim().split(/\s+/),
      hostName: setting('HostName') ?? '',
      port: Number(setting('Port') ?? 22),
      user: setting('User') ?? '',
      jump: setting('ProxyJump'),
      // Only a console has the ciphers of the bridge.
      isShell: setting('Ciphers')?.startsWith('+') === true,
    }
  })
  const relays = blocks.flatMap(({ names, jump, hostName }) => {
    const [host = ''] = names
    return jump === undefined && host.startsWith('oobm-relay-')
      ? [{ name: relayNamed(host), hosts: names, host: hostName }]
      : []
  })
  // Of a device with several relays, the first block has the name alone; the others are `NAME.RELAY`.
  const targets = blocks.flatMap(({ names: [name = ''], jump, port, user, isShell }) =>
    jump === undefined ? [] : [{ name, port, user, jump, isShell }],
  )
  return { relays, targets: targets.filter(({ name }) => !targets.some(other => isByRelay(name, other.name, relays))) }
}

/** `core-sw1.tokyo` beside `core-sw1`. */
function isByRelay(name: string, other: string, relays: readonly { name: string }[]): boolean {
  return relays.some(relay => name === `${other}.${relay.name}`)
}
