/** The bridge's own host key: a secret file whose public half the configuration names. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { publicKeyOf } from '../formats/private-key.ts'
import { SECRETS } from '../formats/provisioning.ts'
import { ConfigurationError, errorMessage } from '../runtime/errors.ts'

/**
 * Reads the private host key.
 * @param expected the public key that the configuration tells everyone to expect
 * @throws ConfigurationError when it is missing or damaged, or does not match
 */
export async function readHostKey(credentials: string, configFile: string, expected: string): Promise<string> {
  const file = join(credentials, SECRETS.bridgeHostKey.file)
  const remedy = 'import the provisioning file again (oobm import), or ask the operator for a new one'
  let text: string
  try {
    text = await readFile(file, 'utf8')
  } catch (err) {
    const message = `cannot read the console bridge's host key (${errorMessage(err)}): ${remedy}`
    throw new ConfigurationError(file, [{ line: undefined, key: '', message }], { cause: err })
  }
  const found = publicKeyOf(text)
  if (found === undefined) {
    const message = `is not a private key in the OpenSSH format without a passphrase: ${remedy}`
    throw new ConfigurationError(file, [{ line: undefined, key: '', message }])
  }
  if (found !== expected) {
    const message = `is not the public half of ${file}, so every technician's client would refuse this bridge: ${remedy}`
    throw new ConfigurationError(configFile, [{ line: undefined, key: 'bridge.host_key', message }])
  }
  return text
}
