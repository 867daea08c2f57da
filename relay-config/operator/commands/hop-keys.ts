/** `oobm-relay hop-keys`: makes the keys with which this relay logs in to consoles for technicians (way 2), and prints the public halves. */
import { constants } from 'node:fs'
import { chmod, chown, link, mkdir, mkdtemp, open, readFile, rename, rm } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import spawn, { SubprocessError } from 'nano-spawn'
import { publicKeySchema } from '../../../formats/names.ts'
import { EXIT, errorCode, UserError } from '../../../runtime/errors.ts'
import type { Technician } from '../../fleet/fleet-config.ts'
import { LOGIN_FILES } from '../../fleet/render/login-files.ts'
import { relayPaths } from '../../relay/relay-paths.ts'
import { defineCommand, withFleet } from '../command.ts'
import { AT_RELAY_OPTIONS } from '../remote/at-relay.ts'

export const hopKeys = defineCommand({
  summary: 'make the hop keys of a dedicated relay, and print what the fleet file needs',
  details: [
    'A technician who logs in at the relay by name and password is led to a console with a hop key of their own.',
  ],
  options: {
    ...AT_RELAY_OPTIONS,
    root: { value: 'DIR', help: 'work on the system below DIR' },
  },
  atRelay: { isDedicated: true },
  run: withFleet(async ({ fleet, files, values, print, signal }) => {
    const { relay, logins } = relayPaths(resolve(values.root ?? '/'))
    const technicians = fleet.technicians.filter(({ login }) => login.length > 0)
    if (technicians.length === 0) print(`no technician in ${files.fleet} has login = [...]; nothing to do`)
    for (const technician of technicians) {
      const key = await makeHopKey(relay, technician, signal)
      await makeRecords(logins, technician)
      const known = technician.hopKeys.includes(key)
      print(
        known
          ? `${technician.name}: the fleet file has the key`
          : `${technician.name}: add to hop_keys of this technician: "${key}"`,
      )
    }
    if (technicians.some(({ hopKeys }) => hopKeys.length === 0)) {
      print(
        'Then "oobm-relay issue" each device whose consoles these logins lead to: a device accepts only the hop keys in its own file.',
      )
    }
    return EXIT.ok
  }),
})

/**
 * Makes the key unless it exists. Only that technician's account and root can read it.
 * @param relay the folder of what is in force, see relay-paths.ts
 * @returns the public half, type and base64
 */
async function makeHopKey(relay: string, { name, uid }: Technician, signal: AbortSignal): Promise<string> {
  if (uid === undefined) throw new UserError(`${name} has no uid in the fleet file`, EXIT.configuration)
  const path = join(relay, LOGIN_FILES.hopKey(name))
  const there = await readPublicHalf(path)
  if (there !== undefined) {
    await chown(path, uid, 0)
    return there
  }
  const folder = join(path, '..')
  try {
    await mkdir(folder, { mode: 0o755 })
  } catch (err) {
    if (errorCode(err) !== 'EEXIST') {
      throw new UserError(
        `cannot make ${folder} (${errorCode(err)}): run "oobm-relay apply" first, and this command as root`,
      )
    }
  }
  const scratch = await mkdtemp(join(folder, '.new-'))
  try {
    const made = join(scratch, 'key')
    await spawn('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', `oobm-hop ${name}`, '-f', made], { signal })
    await chmod(made, 0o400)
    await chown(made, uid, 0)
    await rename(`${made}.pub`, `${path}.pub`)
    await rm(path, { force: true })
    await link(made, path)
  } catch (err) {
    signal.throwIfAborted()
    if (!(err instanceof SubprocessError)) throw err
    throw new UserError(`ssh-keygen failed: ${err.stderr || err.message}`, EXIT.unavailable, { cause: err })
  } finally {
    await rm(scratch, { recursive: true, force: true })
  }
  return (await readPublicHalf(path)) ?? fail(path)
}

/** The file that records their logins; root owns the folder, so that nobody can replace the file. */
async function makeRecords(folder: string, { name, uid = 0 }: Technician): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o755 })
  const file = await open(join(folder, name), constants.O_WRONLY | constants.O_CREAT | constants.O_NOFOLLOW, 0o600)
  try {
    await file.chown(uid, 0)
  } finally {
    await file.close()
  }
}

/** Undefined unless both halves are there. */
async function readPublicHalf(path: string): Promise<string | undefined> {
  try {
    await readFile(path)
    return publicKeySchema.parse(await readFile(`${path}.pub`, 'utf8'))
  } catch (err) {
    if (errorCode(err) === 'ENOENT') return undefined
    throw new UserError(`cannot read ${path} (${errorCode(err) ?? 'it is damaged'})`, EXIT.unavailable, { cause: err })
  }
}

function fail(path: string): never {
  throw new UserError(`${path} could not be made`)
}
