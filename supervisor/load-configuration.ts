/** The configuration that the supervisor uses: the present one, or the last one that was proved. */
import { createHash } from 'node:crypto'
import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { type DeviceConfig, deviceConfigSchema } from '../formats/device-config.ts'
import { parseToml } from '../formats/toml-file.ts'
import { ConfigurationError, errorCode } from '../runtime/errors.ts'
import { writeAtomically } from '../runtime/write-atomically.ts'
import type { Credentials } from './ssh/connection.ts'
import { loadCredentials, loadEnrolment, loadProxyPassword } from './tunnel/load-credentials.ts'

export interface Configuration {
  config: DeviceConfig
  credentials: Credentials
  /** Of the login at the HTTP proxy. */
  proxyPassword: string | undefined
  /** Of a board that waits to be accepted. */
  enrolment: { key: Credentials; siteSecret: string } | undefined
  /** The text it was read from. */
  text: string
}

export interface Loaded {
  /** Undefined when there is none to run on. */
  usable: Configuration | undefined
  /** What is wrong with the present file; undefined when nothing is. */
  fault: string | undefined
  /** Somebody at the device wants the last one that was proved, and not the present file, which can be used. */
  isPassedOver: boolean
}

export interface Places {
  file: string
  credentials: string
  state: string
  /** What `oobm provision` found wrong with a later file, if it did. */
  provisioningFault: string
}

/** Does not throw if the file is missing or wrong: LED and status show that. */
export async function loadConfiguration({ file, credentials, state, provisioningFault }: Places): Promise<Loaded> {
  const present = await tryLoad(file, credentials)
  const rejected = await readFault(provisioningFault)
  if (!('fault' in present)) {
    const fault = rejected && `${rejected}; running with the previous configuration`
    const lastGood = await passedOver(present, state, credentials)
    return { usable: lastGood ?? present, fault, isPassedOver: lastGood !== undefined }
  }
  // On a device that has none, why the file that came is none says more than that there is none.
  if (rejected !== undefined) present.fault = rejected
  const lastGood = await tryLoad(lastGoodFile(state), credentials)
  if ('fault' in lastGood) return { usable: undefined, fault: present.fault, isPassedOver: false }
  const fault = `${present.fault}; running with the last configuration that was proved`
  return { usable: lastGood, fault, isPassedOver: false }
}

/** The one that is used in place of this one, where somebody at the device has asked for that. */
async function passedOver(
  present: Configuration,
  state: string,
  credentials: string,
): Promise<Configuration | undefined> {
  const digest = await readFile(passedOverFile(state), 'utf8').catch(() => '')
  if (digest.trim() !== digestOf(present)) return undefined
  const lastGood = await tryLoad(lastGoodFile(state), credentials)
  return 'fault' in lastGood ? undefined : lastGood
}

/**
 * From the present file to the last one that was proved, or back; for the next start.
 * @returns what comes, as a sentence without its end; and whether that is another one than now
 * @throws a system error
 */
export async function swapConfiguration({
  file,
  credentials,
  state,
}: Places): Promise<{ isOther: boolean; outcome: string }> {
  const none = (outcome: string) => ({ isOther: false, outcome })
  const present = await tryLoad(file, credentials)
  if ('fault' in present) return none('the present configuration cannot be used and is not, so nothing changes')
  if ((await passedOver(present, state, credentials)) !== undefined) {
    await rm(passedOverFile(state), { force: true })
    return { isOther: true, outcome: 'goes forward to the present configuration' }
  }
  const lastGood = await tryLoad(lastGoodFile(state), credentials)
  if ('fault' in lastGood) return none('no configuration was ever proved, so nothing changes')
  if (digestOf(lastGood) === digestOf(present))
    return none('the present configuration is the last that was proved, so nothing changes')
  await writeAtomically(passedOverFile(state), `${digestOf(present)}\n`, 0o600)
  return { isOther: true, outcome: 'goes back to the last configuration that was proved' }
}

/** Of all but the technicians: who may get in changes, and says nothing about the way. */
function digestOf({ config }: Configuration): string {
  return createHash('sha256')
    .update(JSON.stringify({ ...config, technicians: [] }))
    .digest('hex')
}

/** Keeps a configuration that was proved, in case a wrong one follows. */
export async function keepLastGood(state: string, text: string): Promise<void> {
  await writeAtomically(lastGoodFile(state), text, 0o600)
}

function passedOverFile(state: string): string {
  return join(state, 'passed-over')
}

function lastGoodFile(state: string): string {
  return join(state, 'last-good.toml')
}

async function readFault(path: string): Promise<string | undefined> {
  try {
    return (await readFile(path, 'utf8')).trim() || undefined
  } catch (err) {
    if (errorCode(err) === 'ENOENT') return undefined
    throw err
  }
}

async function tryLoad(file: string, credentials: string): Promise<Configuration | { fault: string }> {
  try {
    const text = await readFile(file, 'utf8')
    const config = parseToml(file, text, deviceConfigSchema)
    return {
      config,
      credentials: await loadCredentials(config.authentication, credentials),
      proxyPassword: await loadProxyPassword(credentials),
      enrolment: config.enrolment && (await loadEnrolment(credentials)),
      text,
    }
  } catch (err) {
    if (err instanceof ConfigurationError) return { fault: err.message.replaceAll('\n', '; ') }
    if (errorCode(err) === 'ENOENT') return { fault: `${file} is missing: this device was not provisioned` }
    if (errorCode(err) === 'EACCES')
      return { fault: `${file} cannot be read by the supervisor's user: check its owner and mode` }
    throw err
  }
}
