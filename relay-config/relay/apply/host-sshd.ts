/** Looks whether a technician's password, which is for the relay's sshd, opens the host's own sshd as well. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { askTool } from './run-tool.ts'

/**
 * If the host's own sshd accepts passwords, one that opens a menu on the relay's port opens a shell on the host's port.
 * @returns what to do about it; undefined if that sshd does not let the account in by password
 */
export async function passwordOpensHost(account: string): Promise<string | undefined> {
  const { code, stdout } = await askTool('sshd', ['-T', '-C', `user=${account},host=h,addr=192.0.2.1`])
  // Without a host key or a configuration, no sshd of the host runs.
  if (code !== 0) return undefined
  const settings = stdout.split('\n')
  const values = (name: string) => settings.filter(line => line.startsWith(`${name} `)).map(line => line.split(' ')[1])
  const asks = ['passwordauthentication yes', 'kbdinteractiveauthentication yes'].some(line => settings.includes(line))
  // Each account has a group of its own name.
  const isDenied = [...values('denyusers'), ...values('denygroups')].includes(account)
  if (!asks || isDenied) return undefined
  return `the host's own sshd accepts passwords, so this one would give ${account} a shell. As root, put this into /etc/ssh/sshd_config.d/oobm-relay.conf and reload that sshd:
  Match User ${account}
    PasswordAuthentication no
    KbdInteractiveAuthentication no`
}

/** Whether shadow(5) has a password for an account: `*` and `!` fit none. */
export async function hasPassword(root: string, account: string): Promise<boolean> {
  const text = await readFile(join(root, 'etc/shadow'), 'utf8').catch(() => '')
  const field = text
    .split('\n')
    .find(line => line.startsWith(`${account}:`))
    ?.split(':')[1]
  return field !== undefined && !/^[*!]/.test(field)
}
