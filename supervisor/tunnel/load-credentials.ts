/** The secrets that systemd hands to the supervisor, checked before anything is tried with them. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { DeviceConfig } from '../../formats/device-config.ts'
import { SECRETS } from '../../formats/provisioning.ts'
import { ConfigurationError, errorCode } from '../../runtime/errors.ts'
import type { Credentials } from '../ssh/connection.ts'
import { readablePrivateKey } from '../ssh/private-key.ts'

/**
 * @param directory the credentials directory
 * @throws ConfigurationError when one is missing, or when the key cannot be read with the passphrase
 */
export async function loadCredentials(
  authentication: DeviceConfig['authentication'],
  directory: string,
): Promise<Credentials> {
  if (authentication === 'password') return { password: firstLine(await required(directory, 'relayPassword')) }
  const privateKey = await required(directory, 'relayKey')
  const passphrase = await optional(directory, 'relayKeyPassphrase')
  const credentials: Credentials = { privateKey }
  if (passphrase !== undefined) credentials.passphrase = firstLine(passphrase)
  const problem = readablePrivateKey(privateKey, credentials.passphrase)
  if (problem === undefined) return credentials
  const message =
    passphrase === undefined
      ? `cannot be read as a private key without a passphrase (${problem}): issue the device anew`
      : `cannot be read with the passphrase beside it (${problem}): issue the device anew`
  throw fault(directory, 'relayKey', message)
}

/** The password of the login at the HTTP proxy, if there is one. */
export async function loadProxyPassword(directory: string): Promise<string | undefined> {
  const text = await optional(directory, 'proxyPassword')
  return text === undefined ? undefined : firstLine(text)
}

/** What a board that waits to be accepted asks with. @throws ConfigurationError when it is missing */
export async function loadEnrolment(directory: string): Promise<{ key: Credentials; siteSecret: string }> {
  const key = { privateKey: await required(directory, 'enrolmentKey') }
  return { key, siteSecret: firstLine(await required(directory, 'siteSecret')) }
}

type Name = keyof typeof SECRETS

async function required(directory: string, name: Name): Promise<string> {
  const text = await optional(directory, name)
  if (text === undefined) throw fault(directory, name, 'is missing: import the oobm.toml of this device again')
  return text
}

async function optional(directory: string, name: Name): Promise<string | undefined> {
  try {
    return await readFile(join(directory, SECRETS[name].file), 'utf8')
  } catch (err) {
    if (errorCode(err) === 'ENOENT') return undefined
    throw err
  }
}

function firstLine(text: string): string {
  return text.split(/\r?\n/, 1)[0] ?? ''
}

function fault(directory: string, name: Name, message: string): ConfigurationError {
  return new ConfigurationError(join(directory, SECRETS[name].file), [{ line: undefined, key: '', message }])
}
