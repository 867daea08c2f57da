/** `oobm-relay keys`: makes the key pairs of a device that are missing; existing keys stay as they are. */
import { existsSync } from 'node:fs'
import { link, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import spawn, { SubprocessError } from 'nano-spawn'
import { usageError } from '../../../cli/command.ts'
import { EXIT, errorCode, UserError } from '../../../runtime/errors.ts'
import { writeAtomically } from '../../../runtime/write-atomically.ts'
import type { Fleet, Relay } from '../../fleet/fleet-config.ts'
import { GATEWAY_TECHNICIAN } from '../../fleet/host-names.ts'
import { DEVICE_KEYS, type DeviceKey, gatewayPaths, keyPath } from '../../fleet/key-files.ts'
import { defineCommand, deviceOf, withFleet } from '../command.ts'
import { relayKeyPath } from '../relay-keys.ts'

export const keys = defineCommand({
  summary: 'make the key pairs of a device that are missing, in secrets/ beside the fleet file',
  arguments: [{ value: 'DEVICE', isOptional: true, help: 'the device; not needed with --all' }],
  options: { all: { help: 'make the keys of every device' } },
  run: withFleet(async input => {
    const { fleet, files, values, positionals, print, signal } = input
    if ((values.all === true) === positionals.length > 0) usageError('give either DEVICE or --all')
    const devices = values.all ? fleet.devices : [deviceOf(input)]
    const isFirst = !existsSync(files.secrets)
    for (const path of await makeSpareKeys(fleet, fleet.relays, files.secrets, signal)) print(`made ${path}`)
    for (const { name, gateway } of devices) {
      const made = await makeMissingKeys(files.secrets, name, signal)
      if (gateway) made.push(...(await makeGatewayKeys(files.secrets, name, signal)))
      for (const path of made) print(`made ${path}`)
      if (made.length === 0) print(`${name}: all keys exist already`)
    }
    if (isFirst) {
      print(
        `${files.secrets} is new. If devices are in the field already, they do not know these keys: delete the folder and`,
      )
      print('restore secrets/ from your backup. Otherwise, back it up now: it is not in git.')
    }
    return EXIT.ok
  }),
})

/**
 * @param directory made when missing, closed to others, and kept out of git
 * @returns the paths of the private keys that were made
 */
export async function makeMissingKeys(directory: string, device: string, signal: AbortSignal): Promise<string[]> {
  await mkdir(join(directory, device), { recursive: true, mode: 0o700 })
  await writeFile(join(directory, '.gitignore'), '*\n', { flag: 'wx' }).catch(ignoreExisting)
  const made: string[] = []
  for (const key of Object.keys(DEVICE_KEYS) as DeviceKey[]) {
    const path = keyPath(directory, device, key)
    await refuseLoneHalf(path, device)
    if (await makeKey(path, `${device} ${DEVICE_KEYS[key]}`, signal)) made.push(path)
    await completeWithPublicHalf(path, signal)
  }
  return made
}

/**
 * A spare host key for each shared relay. Devices and technicians pin it from the start, so that another host can replace a
 * relay that is lost.
 * @returns the paths of those that were made
 */
export async function makeSpareKeys(
  { devices }: Fleet,
  relays: readonly Relay[],
  secrets: string,
  signal: AbortSignal,
): Promise<string[]> {
  const made: string[] = []
  for (const relay of relays.filter(({ accounts }) => accounts === 'shared' && devices.length > 0)) {
    const path = relayKeyPath(secrets, relay)
    await mkdir(dirname(path), { recursive: true, mode: 0o700 })
    await writeFile(join(secrets, '.gitignore'), '*\n', { flag: 'wx' }).catch(ignoreExisting)
    await refuseLoneHalf(path, 'every device')
    if (await makeKey(path, `${relay.name} spare host key`, signal)) made.push(path)
    await completeWithPublicHalf(path, signal)
  }
  return made
}

/**
 * The key pair for logins through a device's own port on the relay, and a copy of the public half of its relay key, both
 * under the names of {@link gatewayPaths}.
 */
async function makeGatewayKeys(directory: string, device: string, signal: AbortSignal): Promise<string[]> {
  const { privateKey, relayPublicKey } = gatewayPaths(directory, device)
  const made = await makeKey(privateKey, `${device} ${GATEWAY_TECHNICIAN}`, signal)
  await completeWithPublicHalf(privateKey, signal)
  const relayKey = await readFile(`${keyPath(directory, device, 'relayKey')}.pub`)
  if (!(await readFile(relayPublicKey).catch(() => undefined))?.equals(relayKey)) {
    await writeAtomically(relayPublicKey, relayKey, 0o644)
  }
  return made ? [privateKey] : []
}

/** Makes a private key unless there is one: link(2) replaces nothing, even if another process makes it now. */
export async function makeKey(path: string, comment: string, signal: AbortSignal): Promise<boolean> {
  if (await exists(path)) return false
  const scratch = await mkdtemp(join(dirname(path), '.new-'))
  try {
    const temporary = join(scratch, 'key')
    await sshKeygen(['-q', '-t', 'ed25519', '-N', '', '-C', comment, '-f', temporary], signal)
    return await link(temporary, path).then(() => true, ignoreExisting)
  } finally {
    await rm(scratch, { recursive: true, force: true })
  }
}

/** A new private key would not fit the public half that is in use. */
async function refuseLoneHalf(path: string, device: string): Promise<void> {
  if ((await exists(path)) || !(await exists(`${path}.pub`))) return
  const advice = `restore it from your backup. To make a new one, delete ${path}.pub; ${device} then needs a new card, and technicians the files of "render"`
  throw new UserError(`${path} is lost, and its public half is still in use: ${advice}`, EXIT.configuration)
}

async function completeWithPublicHalf(path: string, signal: AbortSignal): Promise<void> {
  if (await exists(`${path}.pub`)) return
  await writeAtomically(`${path}.pub`, `${await sshKeygen(['-y', '-P', '', '-f', path], signal)}\n`, 0o644)
}

async function sshKeygen(args: string[], signal: AbortSignal): Promise<string> {
  try {
    return (await spawn('ssh-keygen', args, { signal })).stdout
  } catch (err) {
    signal.throwIfAborted()
    if (!(err instanceof SubprocessError)) throw err
    const said = err.stderr || err.message
    throw new UserError(`ssh-keygen (package openssh-client) failed: ${said}`, EXIT.unavailable, { cause: err })
  }
}

async function exists(path: string): Promise<boolean> {
  return readFile(path).then(
    () => true,
    err => {
      if (errorCode(err) === 'ENOENT') return false
      throw err
    },
  )
}

function ignoreExisting(err: unknown): false {
  if (errorCode(err) === 'EEXIST') return false
  throw err
}
