/** The restrictions in sshd for a technician who may log in at a relay (way 2), with or without jumping through it (way 1). */

/** Where the forced command is on a relay; see relay-paths.ts. */
const OOBM_LOGIN = '/usr/lib/oobm/oobm-login'

export interface LoginMatch {
  /** The technician's account. */
  technician: string
  /** Listeners on 127.0.0.1 that their key may open (way 1): the same as in its permitopen. */
  jumpPorts: readonly number[]
  /** The program, and the folder of its lists, if they are not in their default places. */
  program?: string
  directory?: string
  /** The folder of DEVICE.json, if it is not in its default place; needs `directory`. */
  maintenance?: string
}

/**
 * A `Match` block for a relay's own sshd_config, one for each technician whom `loginTechnicians` gives, after all that is
 * global and before any other `Match` block for them: sshd takes the first value (sshd_config(5)).
 * The same technician's lines in authorized_keys need `pty` after `restrict`: without it there is no menu to draw. Globally,
 * `AcceptEnv` and `PermitUserEnvironment` must stay unset: no Match block can undo them.
 */
export function loginMatchBlock({
  technician,
  jumpPorts,
  program = OOBM_LOGIN,
  directory,
  maintenance,
}: LoginMatch): string {
  const settings = [
    `ForceCommand exec ${[program, directory, maintenance].filter(part => part !== undefined).join(' ')}`,
    'PermitTTY yes',
    'PermitUserRC no',
    'PubkeyAuthentication yes',
    // The account's password is `*` until "oobm-relay passwd" sets one.
    'PasswordAuthentication yes',
    'KbdInteractiveAuthentication no',
    'PermitEmptyPasswords no',
    'MaxSessions 4',
    // A login by password has no line in authorized_keys: these repeat what a key's line says.
    `AllowTcpForwarding ${jumpPorts.length > 0 ? 'local' : 'no'}`,
    `PermitOpen ${jumpPorts.map(port => `127.0.0.1:${port}`).join(' ') || 'none'}`,
    'PermitListen none',
    'AllowStreamLocalForwarding no',
    'AllowAgentForwarding no',
    'X11Forwarding no',
    'PermitTunnel no',
    'GatewayPorts no',
  ]
  return `Match User ${technician}\n${settings.map(setting => `  ${setting}\n`).join('')}`
}
