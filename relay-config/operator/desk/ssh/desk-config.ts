/** The ssh_config of one desk: the technician's own, behind settings that share connections; pure. */
import { quotedPath } from '../../../fleet/render/ssh-config.ts'

/** Seconds that a shared connection waits for its next use. A bridge ends one without a session after 60. */
const IDLE_S = 50

export interface SharedHost {
  name: string
  /** Where the person's ssh needs another way than its file says. */
  proxyCommand?: string | undefined
}

/**
 * One login for all that the desk asks at a host, and for its terminals there: one touch of a security key. Each host has a
 * socket of its own: by address, port and user, the consoles of two fleets could be taken for each other.
 * @param include the person's ssh_config, an absolute path
 * @param socketFolder where the sockets go
 */
export function deskConfig(hosts: readonly SharedHost[], include: string, socketFolder: string): string {
  const blocks = hosts.map(({ name, proxyCommand }, index) =>
    [
      `Host ${name}`,
      '  ControlMaster auto',
      `  ControlPath ${quotedPath(`${socketFolder}/s${index}`)}`,
      `  ControlPersist ${IDLE_S}`,
      ...(proxyCommand === undefined ? [] : [`  ProxyCommand ${proxyCommand}`]),
    ].join('\n'),
  )
  return [...blocks, 'Match all', `  Include ${quotedPath(include)}`, ''].join('\n')
}
