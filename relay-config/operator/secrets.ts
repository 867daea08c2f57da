/** Reads the private keys beside the fleet file. */
import { access, readFile } from 'node:fs/promises'
import { publicKeySchema } from '../../formats/names.ts'
import { EXIT, errorCode, UserError } from '../../runtime/errors.ts'
import { reasonOf } from '../../runtime/unexpected.ts'
import { type DeviceKey, gatewayPaths, keyPath } from '../fleet/key-files.ts'

/** @throws UserError that says how to make it, when there is none */
export async function readPrivateKey(directory: string, device: string, key: DeviceKey): Promise<string> {
  return readKeyFile(device, keyPath(directory, device, key))
}

/** Type and base64, without a comment. */
export async function readPublicKey(directory: string, device: string, key: DeviceKey): Promise<string> {
  return readPublicHalf(keyPath(directory, device, key), device)
}

/**
 * The private half says it as well, so that a lost `.pub` is no loss; where both are there, they must be a pair.
 * @throws UserError
 */
async function readPublicHalf(path: string, device: string): Promise<string> {
  const [ofPrivate, written] = await Promise.all([ownPublicHalf(path), exists(`${path}.pub`)])
  if (ofPrivate === undefined) return readPublicKeyFile(device, `${path}.pub`)
  if (!written) return ofPrivate
  const publicKey = await readPublicKeyFile(device, `${path}.pub`)
  if (publicKey === ofPrivate) return publicKey
  const advice = 'bring the right private key back from your backup; or, if it is the right one, delete the .pub'
  throw new UserError(`${path}.pub is not the public half of ${path}: ${advice}`, EXIT.configuration)
}

/** What a private key in the OpenSSH format says in plain (PROTOCOL.key of OpenSSH); undefined without one. */
async function ownPublicHalf(path: string): Promise<string | undefined> {
  const text = await readFile(path, 'utf8').catch(() => '')
  const base64 = /^-----BEGIN OPENSSH PRIVATE KEY-----([\s\S]*)-----END/.exec(text)?.[1]
  const blob = Buffer.from(base64 ?? '', 'base64')
  if (blob.toString('latin1', 0, MAGIC.length) !== MAGIC) return undefined
  // Cipher, its key derivation and the settings of that; then how many keys there are, and the first.
  let at = MAGIC.length
  for (let skipped = 0; skipped < 3; skipped++) at += 4 + (at + 4 <= blob.length ? blob.readUInt32BE(at) : blob.length)
  if (at + 8 > blob.length) return undefined
  const key = blob.subarray(at + 8, at + 8 + blob.readUInt32BE(at + 4))
  const type = key.length > 4 ? key.toString('latin1', 4, 4 + key.readUInt32BE(0)) : ''
  const parsed = publicKeySchema.safeParse(`${type} ${key.toString('base64')}`)
  return parsed.success ? parsed.data : undefined
}

const MAGIC = 'openssh-key-v1\0'

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}

/** The public half of the key that gets one into a gateway device's shell: type and base64. */
export async function readGatewayKey(directory: string, device: string): Promise<string> {
  return readPublicKeyFile(device, `${gatewayPaths(directory, device).privateKey}.pub`)
}

async function readPublicKeyFile(device: string, path: string): Promise<string> {
  const parsed = publicKeySchema.safeParse(await readKeyFile(device, path))
  if (parsed.success) return parsed.data
  throw new UserError(`${path}: ${parsed.error.issues[0]?.message}`, EXIT.configuration)
}

async function readKeyFile(device: string, path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (err) {
    if (errorCode(err) !== 'ENOENT') throw new UserError(`cannot read ${path}: ${reasonOf(err)}`, EXIT.configuration)
    const advice =
      'a device that is in the field has its keys in secrets/, which is in no git: bring that from your backup'
    throw new UserError(
      `${path} is missing: make it with "oobm-relay keys ${device}" if the device is new; ${advice}`,
      EXIT.configuration,
    )
  }
}
