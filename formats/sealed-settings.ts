/** Secrets in a settings document: which settings are secret, from the schema, and their form, age ciphertext (age-encryption.org/v1); pure. */
import * as z from 'zod'
import { snakeCase } from './key-case.ts'
import type { Problem } from './toml-file.ts'

/** What `age --armor` writes: PEM (RFC 7468), strict. */
const SEALED = /^-----BEGIN AGE ENCRYPTED FILE-----\n([A-Za-z0-9+/]{1,64}={0,2}\n)+-----END AGE ENCRYPTED FILE-----\n?$/

export function isSealed(text: unknown): text is string {
  return typeof text === 'string' && SEALED.test(text)
}

/** For a secret without a stand-in of its own: long enough, and none of its characters is special. */
const STAND_IN = 'sealed-secret'

/** A secret setting of a value, and its place. */
export interface SecretSetting {
  /** In camelCase. */
  path: (string | number)[]
  value: unknown
  kind: 'text' | 'private-key'
  /** A value that its schema takes. */
  standIn: string
  /** The table that holds it. */
  holder: Record<string, unknown>
}

/** Every setting of a value that its schema calls secret. */
export function* secretsIn(
  value: unknown,
  schema: z.ZodType,
  path: (string | number)[] = [],
): Generator<SecretSetting> {
  const inner = withoutWrapping(schema)
  if (inner instanceof z.ZodArray && Array.isArray(value)) {
    for (const [at, item] of value.entries()) yield* secretsIn(item, inner.element as z.ZodType, [...path, at])
  }
  if (!(inner instanceof z.ZodObject) || !isTable(value)) return
  for (const [key, child] of Object.entries(inner.shape as Record<string, z.ZodType>)) {
    const item = value[key]
    if (item === undefined) continue
    const { secret: kind, standIn = STAND_IN } = child.meta() ?? {}
    if (kind === undefined) yield* secretsIn(item, child, [...path, key])
    else yield { path: [...path, key], value: item, kind, standIn, holder: value }
  }
}

/**
 * What can be checked without the device's key.
 * @returns the value with a stand-in for each secret, so that everything else can be checked
 */
export function checkSealed(value: unknown, schema: z.ZodType): { value: unknown; problems: Problem[] } {
  const copy = structuredClone(value)
  const problems: Problem[] = []
  for (const { path, value: secret, kind, standIn, holder } of secretsIn(copy, schema)) {
    const report = (message: string) => problems.push({ path: path.map(spelled), message })
    if (kind === 'private-key')
      report('is a private key, and a settings document carries none: bring it by "oobm import"')
    else if (!isSealed(secret))
      report('is not encrypted: in a settings document a secret is age ciphertext to the key of the device')
    holder[String(path.at(-1))] = standIn
  }
  return { value: copy, problems }
}

/**
 * Replaces each secret: `oobm-relay` encrypts what the operator wrote, the device decrypts what it received.
 * @param convert what `age` makes of it; its error ends this one
 */
export async function convertSecrets<T>(
  value: T,
  schema: z.ZodType,
  convert: (text: string, path: readonly (string | number)[]) => Promise<string>,
): Promise<T> {
  const copy = structuredClone(value)
  for (const { path, value: secret, kind, holder } of secretsIn(copy, schema))
    if (kind === 'text' && typeof secret === 'string') holder[String(path.at(-1))] = await convert(secret, path)
  return copy
}

function spelled(step: string | number): string | number {
  return typeof step === 'string' ? snakeCase(step) : step
}

function isTable(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date)
}

/** The schema below `.optional()`, `.default()` and `.prefault()`. */
function withoutWrapping(schema: z.ZodType): z.ZodType {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault)
    return withoutWrapping(schema.unwrap() as z.ZodType)
  return schema
}
