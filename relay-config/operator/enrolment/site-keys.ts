/** The secrets of an enrolment at the operator's seat, `secrets/_enrolments/NAME/` (no device's name begins with `_`). No relay gets them. */
import { randomBytes } from 'node:crypto'
import { appendFile, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { siteSecretSchema } from '../../../formats/enrolment.ts'
import { readPrivateKeyFacts } from '../../../formats/ssh-key.ts'
import { EXIT, errorCode, UserError } from '../../../runtime/errors.ts'
import { reasonOf } from '../../../runtime/unexpected.ts'
import { writeAtomically } from '../../../runtime/write-atomically.ts'
import { makeKey } from '../commands/keys.ts'

export interface SiteKeys {
  /** With it a board asks to be accepted. */
  privateKey: string
  publicKey: string
  siteSecret: string
}

export function siteFolder(secrets: string, name: string): string {
  return join(secrets, '_enrolments', name)
}

/** Those that are there already, after an interruption. */
export async function makeSiteKeys(secrets: string, name: string, signal: AbortSignal): Promise<SiteKeys> {
  const folder = siteFolder(secrets, name)
  await mkdir(folder, { recursive: true, mode: 0o700 })
  await writeFile(join(secrets, '.gitignore'), '*\n', { flag: 'wx' }).catch(ignoreExisting)
  await makeKey(join(folder, 'key'), `enrolment ${name}`, signal)
  const path = join(folder, 'site_secret')
  if ((await readIfThere(path)) === undefined)
    await writeAtomically(path, `${randomBytes(16).toString('hex')}\n`, 0o600)
  return readSiteKeys(secrets, name)
}

/** @throws UserError when they are not here, or damaged */
export async function readSiteKeys(secrets: string, name: string): Promise<SiteKeys> {
  const folder = siteFolder(secrets, name)
  const privateKey = await required(join(folder, 'key'))
  const publicKey = readPrivateKeyFacts(privateKey)?.publicKey ?? damaged(join(folder, 'key'))
  const path = join(folder, 'site_secret')
  const { data: siteSecret = damaged(path) } = siteSecretSchema.safeParse((await required(path)).trim())
  return { privateKey, publicKey, siteSecret }
}

async function required(path: string): Promise<string> {
  const text = await readIfThere(path)
  if (text !== undefined) return text
  const advice = 'work where the enrolment was opened, or restore it from your backup'
  throw new UserError(`${path} is missing: ${advice}`, EXIT.configuration)
}

function damaged(path: string): never {
  throw new UserError(`${path} is damaged: restore it from your backup`, EXIT.configuration)
}

export async function removeSiteKeys(secrets: string, name: string): Promise<void> {
  await rm(siteFolder(secrets, name), { recursive: true, force: true })
}

/** The boards that were accepted with it: the relay's own count is not what the seat relies on. */
export async function readAccepted(secrets: string, name: string): Promise<string[]> {
  const text = (await readIfThere(join(siteFolder(secrets, name), 'accepted'))) ?? ''
  return text.split('\n').flatMap(line => line.split(' ')[0] || [])
}

export async function noteAccepted(secrets: string, name: string, id: string, device: string): Promise<void> {
  if ((await readAccepted(secrets, name)).includes(id)) return
  await appendFile(join(siteFolder(secrets, name), 'accepted'), `${id} ${device}\n`, { mode: 0o600 })
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8')
  } catch (err) {
    if (errorCode(err) === 'ENOENT') return undefined
    throw new UserError(`cannot read ${path}: ${reasonOf(err)}`, EXIT.configuration, { cause: err })
  }
}

function ignoreExisting(err: unknown): void {
  if (errorCode(err) !== 'EEXIST') throw err
}
