/** The certificate with which HAProxy ends TLS, and the check of its configuration. */
import { link } from 'node:fs/promises'
import { isIP } from 'node:net'
import { writeAtomically } from '../../../runtime/write-atomically.ts'
import { CERTIFICATE_NAME } from '../../fleet/host-names.ts'
import { ignoreMissing } from './durable.ts'
import { runTool } from './run-tool.ts'

/** Days. Whoever checks its fingerprint is to see the same for as long as the relay lives. */
const VALID_DAYS = 7_300

/**
 * Makes it once, as one file with its private key: each generation has a link to the same file. Signed by itself, because the SSH
 * host key within says who answers.
 */
export async function carryCertificate(present: string, path: string, host: string): Promise<void> {
  const isThere = await link(present, path).then(() => true, ignoreMissing)
  if (isThere) return
  const name = `${isIP(host) === 0 ? 'DNS' : 'IP'}:${host}`
  const pem = await runTool('openssl', [
    ...[
      'req',
      '-x509',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:prime256v1',
      '-noenc',
      '-days',
      String(VALID_DAYS),
    ],
    // A common name has 64 characters at the most (RFC 5280, appendix A.1).
    ...['-subj', `/CN=${CERTIFICATE_NAME}`, '-addext', `subjectAltName=${name}`, '-keyout', '-'],
  ])
  await writeAtomically(path, pem, 0o600)
}

/** @param folder of a generation */
export async function checkHaproxy(folder: string, haproxy: string): Promise<void> {
  const env = { CREDENTIALS_DIRECTORY: folder, RUNTIME_DIRECTORY: folder }
  await runTool(haproxy, ['-c', '-q', '-f', `${folder}/haproxy.cfg`], '', { env })
}
