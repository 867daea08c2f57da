/**
 * Signed settings documents that wait for their devices, on a relay: a folder for each device. `offer` names the document
 * for it, in the words of the message to it; `documents.json` says what is there; each document is a file named by its digest.
 * oobm-device-command reads `offer` and documents. The relay is a mailbox: what a document says, only its device judges.
 */
import { createHash } from 'node:crypto'
import { chmod, chown, mkdir, readdir, readFile, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import * as z from 'zod'
import {
  DIGEST,
  DOCUMENT_MAX_BYTES,
  formatSettingsOffer,
  parseSettingsOffer,
  SERIAL_MAX,
  type SettingsOffer,
} from '../../../formats/settings-delivery.ts'
import { EXIT, errorCode, UserError } from '../../../runtime/errors.ts'
import { syncDirectory, writeAtomically } from '../../../runtime/write-atomically.ts'
import type { StatePaths } from '../state/state-paths.ts'

/** Documents of a device that are kept, the one for it included: for the history, and bounded like everything on a relay. */
const KEPT = 4

const keptSchema = z.object({
  digest: z.string().regex(DIGEST),
  bytes: z.int().min(1).max(DOCUMENT_MAX_BYTES),
  serial: z.int().min(0).max(SERIAL_MAX),
  /** Milliseconds since 1970 at which it was left here, and by whom. */
  atMs: z.int(),
  by: z.string().max(100),
})

export type Kept = z.output<typeof keptSchema>

/** A document as `oobm-relay settings push` sends it. */
export interface Parcel {
  device: string
  serial: number
  /** The document with its signature, as the device is to have it. */
  document: Buffer
}

/** A device's mailbox; the latest document last. */
export interface Mailbox {
  offer: SettingsOffer | undefined
  documents: Kept[]
}

export async function readMailbox(paths: StatePaths, device: string): Promise<Mailbox> {
  const folder = folderOf(paths, device)
  const [offer, documents] = await Promise.all([textOf(join(folder, 'offer')), textOf(join(folder, 'documents.json'))])
  const [type, ...words] = offer?.trimEnd().split(' ') ?? []
  return { offer: type === 'settings' ? parseSettingsOffer(words) : undefined, documents: keptIn(documents) }
}

/**
 * Leaves a document for a device, in place of an earlier one. A power cut leaves the earlier one or this one.
 * @throws UserError for one that is older than the one here, or too long
 */
export async function leaveDocument(
  paths: StatePaths,
  { device, serial, document }: Parcel,
  by: string,
): Promise<Kept> {
  if (document.length === 0 || document.length > DOCUMENT_MAX_BYTES) {
    const message = `the document for ${device} has ${document.length} bytes; a relay keeps up to ${DOCUMENT_MAX_BYTES}`
    throw new UserError(message, EXIT.usage)
  }
  const digest = createHash('sha256').update(document).digest('hex')
  const { documents, offer } = await readMailbox(paths, device)
  const newest = documents.findLast(({ digest }) => digest === offer?.digest)
  if (newest !== undefined && newest.digest !== digest && serial <= newest.serial) {
    const message = `the relay has serial ${newest.serial} for ${device} already, left by ${newest.by}: serial ${serial} is not newer. Push again`
    throw new UserError(message, EXIT.failed)
  }
  const kept = { digest, bytes: document.length, serial, atMs: Date.now(), by: by.slice(0, 100) }
  const after = [...documents.filter(one => one.digest !== digest), kept].slice(-KEPT)
  const folder = await makeFolder(paths, device)
  const write = async (name: string, content: string | Buffer) => {
    await writeAtomically(join(folder, name), content, 0o640)
    await giveToDevices(paths, join(folder, name))
  }
  await write(digest, document)
  await write('documents.json', `${JSON.stringify(after)}\n`)
  // The last: from now on this one is for the device.
  await write('offer', `${formatSettingsOffer(kept)}\n`)
  for (const name of await readdir(folder)) {
    if (DIGEST.test(name) && !after.some(one => one.digest === name)) await rm(join(folder, name), { force: true })
  }
  await syncDirectory(folder)
  return kept
}

/** Only its owner writes there; the devices' account reads. */
async function makeFolder(paths: StatePaths, device: string): Promise<string> {
  const folder = folderOf(paths, device)
  for (const path of [paths.settings, folder]) {
    try {
      await mkdir(path, { mode: 0o750 })
    } catch (err) {
      if (errorCode(err) === 'ENOENT')
        throw new UserError(`${dirname(path)} is missing: no relay is here`, EXIT.unavailable)
      if (errorCode(err) !== 'EEXIST') throw err
    }
    await chmod(path, 0o750)
    await giveToDevices(paths, path)
  }
  return folder
}

/** To the owner of the relay's state, and the group of the devices' account: on a shared relay both are its login. */
async function giveToDevices({ devices, settings }: StatePaths, path: string): Promise<void> {
  if (process.getuid?.() !== 0) return
  const above = await stat(dirname(settings))
  // No device has connected yet to a shared relay.
  const { gid } = await stat(devices).catch(() => above)
  await chown(path, above.uid, gid)
}

function folderOf({ settings }: StatePaths, device: string): string {
  return join(settings, device)
}

function keptIn(text: string | undefined): Kept[] {
  if (text === undefined) return []
  try {
    return z.array(keptSchema).parse(JSON.parse(text))
  } catch {
    return []
  }
}

async function textOf(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8')
  } catch (err) {
    if (errorCode(err) === 'ENOENT') return undefined
    throw err
  }
}
