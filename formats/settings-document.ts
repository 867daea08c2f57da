/**
 * A settings document: TOML text with settings for one device, then its SSH signature (PROTOCOL.sshsig in OpenSSH's source).
 * The only definition of the format; docs/settings-from-afar.md explains it.
 */
import * as z from 'zod'
import { ConfigurationError, type ConfigurationIssue } from '../runtime/errors.ts'
import { ANY_MODEM } from './cellular-settings.ts'
import { deviceConfigSchema } from './device-config.ts'
import { BRIDGE_ABOUT, bridgeSettings } from './device-settings.ts'
import { lineSchema, nameSchema, signerKeySchema } from './names.ts'
import { checkSealed } from './sealed-settings.ts'
import { DOCUMENT_MAX_BYTES } from './settings-delivery.ts'
import { siteShape } from './site-config.ts'
import { checkValue, locate, type Path, type Problem, readToml } from './toml-file.ts'

/** `ssh-keygen -Y sign -n`: a signature made for another purpose is none here. */
export const SETTINGS_NAMESPACE = 'oobm-settings'
/** `ssh-keygen -Y verify -I`: whom the allowed signers sign for. */
export const SETTINGS_PRINCIPAL = 'operator'
export { DOCUMENT_MAX_BYTES }

const BEGIN = '-----BEGIN SSH SIGNATURE-----'
const END = '-----END SSH SIGNATURE-----'
const SIGNATURE = new RegExp(`^${BEGIN}\\n([A-Za-z0-9+/=]{1,76}\\n)+${END}\\n?$`)

export interface SplitDocument {
  /** Exactly the bytes that are signed: all before the line that begins the signature. */
  signed: Buffer
  signature: string
}

/** @throws ConfigurationError when it is too large, or is not one text followed by one signature */
export function splitDocument(file: string, bytes: Buffer): SplitDocument {
  if (bytes.length > DOCUMENT_MAX_BYTES)
    throw documentError(file, `has ${bytes.length} bytes; a settings document has at most ${DOCUMENT_MAX_BYTES}`)
  const begins = linesThatAre(bytes, BEGIN)
  const [at] = begins
  if (at === undefined) throw documentError(file, 'is not signed: no line is "-----BEGIN SSH SIGNATURE-----"')
  if (begins.length > 1) throw documentError(file, 'has more than one signature')
  const signature = bytes.toString('latin1', at)
  if (!SIGNATURE.test(signature))
    throw documentError(file, 'has a damaged signature, or something after it: it may be cut short')
  return { signed: bytes.subarray(0, at), signature }
}

const {
  version: _,
  device: __,
  bridge: ___,
  enrolment: ____,
  technicians,
  ...connectionShape
} = deviceConfigSchema.shape

/** Takes force at once, and never goes back. What it names replaces what the device has. */
export const accessSchema = z.strictObject({
  // Without a default: an empty half must not remove everybody.
  technicians: technicians
    .unwrap()
    .meta({ description: 'all people of this device: who is not here is removed', identity: ['name'] }),
  signers: z
    .array(signerKeySchema)
    .min(1, 'needs at least one key: without it, no settings could follow from afar')
    .optional()
    .meta({
      description: 'all public keys that may sign settings documents for this device from now on',
      whenLeftOut: 'default: those that the device has',
    }),
})

/**
 * On trial until the device has proved itself through it. It replaces what the device has, as a whole `oobm.toml` does; the
 * settings of the site and the secrets stay where it does not name them.
 */
export const connectivitySchema = z.strictObject({
  ...connectionShape,
  bridge: z.strictObject(bridgeSettings).prefault({}).meta({ description: BRIDGE_ABOUT }),
  ...siteShape,
  secrets: z
    .strictObject({
      relayPassword: lineSchema.optional().meta({
        description: 'password with which the device logs in to its relays, as age ciphertext',
        whenLeftOut: 'default: the one that the device has',
        secret: 'text',
      }),
      proxyPassword: lineSchema.optional().meta({
        description: 'password of the login at the HTTP proxy, as age ciphertext',
        whenLeftOut: 'default: the one that the device has',
        secret: 'text',
      }),
    })
    .prefault({})
    .meta({ description: 'secrets, encrypted to the device' }),
})

/** What is in each document, whichever version of the halves it has. */
const envelopeShape = {
  version: z.literal(1).meta({ description: 'version of this format' }),
  device: nameSchema.meta({ description: 'name of the device that it is for' }),
  fingerprint: z
    .string()
    .regex(/^SHA256:[A-Za-z0-9+/]{43}$/, 'must be a fingerprint as "ssh-keygen -l" prints it, SHA256:…')
    .meta({ description: 'fingerprint of the public host key of its console bridge, SHA256:…' }),
  serial: z
    .int('must be a whole number')
    .min(1)
    .max(Number.MAX_SAFE_INTEGER)
    .meta({ description: 'serial number: higher than that of every earlier document for this device' }),
}

const envelopeSchema = z
  .strictObject({ ...envelopeShape, access: z.unknown().optional(), connectivity: z.unknown().optional() })
  .superRefine(({ access, connectivity }, context) => {
    if (access !== undefined || connectivity !== undefined) return
    context.addIssue({
      code: 'custom',
      path: ['access'],
      message: 'is missing, and so is [connectivity]: nothing to set',
    })
  })

export type Access = z.output<typeof accessSchema>
/** As it is written, keys in camelCase: secrets sealed, defaults not filled in, entries with `remove`. */
export type ConnectivityAsWritten = Record<string, unknown>

/** A half that cannot be used does not take the other one with it: people are removed whatever else is wrong. */
export type Half<T> = { value: T } | { issues: ConfigurationIssue[] }

export interface SettingsDocument extends Omit<z.output<typeof envelopeSchema>, 'access' | 'connectivity'> {
  access?: Half<Access>
  connectivity?: Half<ConnectivityAsWritten>
}

/**
 * Reads the signed text of a document.
 * @throws ConfigurationError when it is not TOML in UTF-8, or says not for whom it is; a wrong half is in the result
 */
export function readSettingsDocument(file: string, signed: Buffer): SettingsDocument {
  const text = decode(file, signed)
  const checked = checkValue(readToml(file, text), envelopeSchema)
  const located = (problems: Problem[]) => problems.map(problem => locate(text, problem))
  if ('problems' in checked) throw new ConfigurationError(file, located(checked.problems))
  const { access, connectivity, ...envelope } = checked.data
  const half = <T>(name: string, value: unknown, check: (value: unknown) => T | Problem[]): Half<T> => {
    const result = check(value)
    if (!isProblems(result)) return { value: result }
    return { issues: located(result.map(({ path, message }) => ({ path: [name, ...path], message }))) }
  }
  return {
    ...envelope,
    ...(access !== undefined && { access: half('access', access, checkAccess) }),
    ...(connectivity !== undefined && { connectivity: half('connectivity', connectivity, checkConnectivity) }),
  }
}

/**
 * Reads a document for who signs it: everything must be right.
 * @throws ConfigurationError with everything that is wrong
 */
export function checkSettingsDocument(file: string, signed: Buffer): SettingsDocument {
  const document = readSettingsDocument(file, signed)
  const issues = [document.access, document.connectivity].flatMap(half => (half && 'issues' in half ? half.issues : []))
  if (issues.length > 0) throw new ConfigurationError(file, issues)
  return document
}

function checkAccess(value: unknown): Access | Problem[] {
  const checked = checkValue(value, accessSchema)
  return 'problems' in checked ? checked.problems : checked.data
}

/** Entries of these lists are found by one setting; one with `remove = true` is taken away. */
export const SITE_LISTS = {
  wifi: 'ssid',
  interfaces: 'name',
  outletSecrets: 'outlet',
  firstInstallation: 'name',
  cellular: 'interface',
} as const

/** That setting of an entry, also where it is left out. */
export function identityIn(list: keyof typeof SITE_LISTS, entry: Record<string, unknown>): unknown {
  return entry[SITE_LISTS[list]] ?? (list === 'cellular' ? ANY_MODEM : undefined)
}

function checkConnectivity(value: unknown): ConnectivityAsWritten | Problem[] {
  const { value: open, problems } = checkSealed(value, connectivitySchema)
  const table = open as ConnectivityAsWritten
  // What is removed has nothing else to check.
  const kept: ConnectivityAsWritten = { ...table }
  const places = new Map<string, number[]>()
  for (const list of Object.keys(SITE_LISTS) as (keyof typeof SITE_LISTS)[]) {
    const identity: string = SITE_LISTS[list]
    const entries = table?.[list]
    if (!Array.isArray(entries)) continue
    const staying = [...entries.entries()].filter(([at, entry]) => {
      if (entry?.remove === undefined) return true
      const others = Object.keys(entry).filter(key => key !== 'remove' && key !== identity)
      if (entry.remove !== true || typeof identityIn(list, entry) !== 'string' || others.length > 0)
        problems.push({ path: [list, at], message: `must be its ${identity} and remove = true, and nothing else` })
      return false
    })
    kept[list] = staying.map(([, entry]) => entry)
    places.set(
      list,
      staying.map(([at]) => at),
    )
  }
  const isTable = typeof value === 'object' && value !== null
  const checked = checkValue(isTable ? kept : value, connectivitySchema)
  const asWritten = ([list, at, ...rest]: Path): Path =>
    typeof at === 'number'
      ? [list ?? '', places.get(String(list))?.[at] ?? at, ...rest]
      : [list ?? '', ...(at === undefined ? [] : [at]), ...rest]
  if ('problems' in checked)
    problems.push(...checked.problems.map(({ path, message }) => ({ path: asWritten(path), message })))
  return problems.length > 0 ? problems : (value as ConnectivityAsWritten)
}

function isProblems(result: unknown): result is Problem[] {
  return Array.isArray(result)
}

/** UTF-8 without a byte order mark: what is verified is what is parsed. */
function decode(file: string, signed: Buffer): string {
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(signed)
  } catch {
    throw documentError(file, 'is not UTF-8')
  }
  if (/-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----/.test(text))
    throw documentError(file, 'has a private key in it: a settings document carries none')
  return text
}

/** Where a line is exactly this. */
function linesThatAre(bytes: Buffer, line: string): number[] {
  const found: number[] = []
  for (let at = bytes.indexOf(line); at >= 0; at = bytes.indexOf(line, at + 1)) {
    const after = bytes[at + line.length]
    if ((at === 0 || bytes[at - 1] === 0x0a) && (after === undefined || after === 0x0a || after === 0x0d))
      found.push(at)
  }
  return found
}

export function documentError(file: string, message: string): ConfigurationError {
  return new ConfigurationError(file, [{ line: undefined, key: '', message }])
}
