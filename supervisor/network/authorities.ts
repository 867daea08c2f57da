/** Whose certificates this system trusts: for relays whose certificate has to be valid. */
import { readFile } from 'node:fs/promises'
import { rootCertificates } from 'node:tls'

/** Of Debian's package ca-certificates, with what the operator put into /usr/local/share/ca-certificates. */
const SYSTEM_FILE = '/etc/ssl/certs/ca-certificates.crt'

/** In PEM; Node's own list where the system has none. */
export async function readAuthorities(): Promise<string> {
  try {
    return await readFile(SYSTEM_FILE, 'utf8')
  } catch {
    return rootCertificates.join('\n')
  }
}
