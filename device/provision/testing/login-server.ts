/** The login server of hostapd (EAP), in place of the RADIUS of a site: who may log in, and its certificate. */
import type { Authority, Certified } from './authority.ts'

export interface Account {
  identity: string
  password: string
}

/** One line of its user file takes no quotation mark: what follows the first in a name is left open there, and is the test's to compare. */
export function renderUsers(accounts: readonly Account[]): string {
  const lines = accounts.map(({ identity, password }) => {
    const [start, ...rest] = identity.split('"')
    return `"${start}"${rest.length === 0 ? '' : '*'} MSCHAPV2,TTLS-MSCHAPV2,TTLS-PAP ${Buffer.from(password).toString('hex')} [2]`
  })
  return `* PEAP,TTLS,TLS\n${lines.join('\n')}\n`
}

/** Lines of hostapd.conf; where the server's files are is its own namespace's matter. */
export function renderLoginServer(
  users: string,
  server: Pick<Certified, 'certificatePath' | 'keyPath'>,
  authority: Pick<Authority, 'certificatePath'>,
): string[] {
  return [
    ...['ieee8021x=1', 'eap_server=1', `eap_user_file=${users}`],
    ...[
      `ca_cert=${authority.certificatePath}`,
      `server_cert=${server.certificatePath}`,
      `private_key=${server.keyPath}`,
    ],
  ]
}
