/** What `oobm provision` does at each boot, from top to bottom: imports the file on the card, applies the settings, cleans the card. */
import { createHash } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { basename, join } from 'node:path'
import type { Language } from '../../formats/languages.ts'
import { newKeyPair } from '../../formats/private-key.ts'
import { SECRETS_DIRECTORY } from '../../formats/provisioning.ts'
import { type Site, siteSchema } from '../../formats/site-config.ts'
import { parseToml } from '../../formats/toml-file.ts'
import { ConfigurationError, errorMessage, UserError } from '../../runtime/errors.ts'
import { VERSION } from '../../runtime/version.ts'
import { writeAtomically } from '../../runtime/write-atomically.ts'
import { finishInstallation, install, makeDirectory, removeFile } from '../import/install.ts'
import { whileLocked } from '../import/lock.ts'
import { SITE_PATH, secretPath } from '../import/plan-import.ts'
import { readIfThere, readProved, readStored } from '../import/stored.ts'
import { type BroughtFile, type TakenOver, takeOver, withSettings } from '../import/take-over.ts'
import { applySystem } from './apply-system.ts'
import { readSerial } from './board-serial.ts'
import { eraseFile, listFiles, readBrought, whileWritable, writeNote } from './boot-partition.ts'
import { ENROL_NOTE, enrolNote } from './enrol-note.ts'
import { describeFault, ERROR_NOTE, errorNote, type Fault } from './error-note.ts'
import { type FoundFiles, findFiles } from './find-files.ts'
import { IMPORTED_NOTE, importedNote } from './imported-note.ts'
import { switchPage, tellConsoles } from './local-services.ts'
import type { BoardFacts } from './notes.ts'

/** SHA-256 of the files last imported, until they are off the card: a card that cannot be written has them at each boot. */
export const TAKEN_PATH = `${SECRETS_DIRECTORY}/taken`

export interface ProvisionOptions {
  /** The boot partition. */
  boot: string
  root: string
  /** /run/oobm-provision. */
  directory: string
  wallMs: number
  say(line: string): void
}

type Outcome = { kind: 'imported'; result: TakenOver } | { kind: 'unchanged' } | { kind: 'fault'; fault: Fault }

/** @returns what is wrong, in one line; undefined when nothing is */
export async function provision(options: ProvisionOptions): Promise<string | undefined> {
  const { boot, root, directory, say } = options
  await makeDirectory(join(root, directory), 0o755)
  const serial = await readSerial(root)
  const found = findFiles((await listFiles(boot)) ?? [], serial)
  const outcome = await importFiles(found, serial, options)
  // The network comes up in any case: somebody must be able to look at a full or damaged card over the network.
  const orElse = async <T>(what: string, work: () => Promise<T>, otherwise: T): Promise<T> => {
    try {
      return await work()
    } catch (err) {
      say(`${what}: ${errorMessage(err)}`)
      return otherwise
    }
  }
  await orElse('no host key could be made', () => whileLocked(root, () => ensureHostKey(root)), undefined)
  const stored = await orElse('the settings cannot be read', () => readStored(root), undefined)
  const device = stored?.device
  const board = {
    serial,
    version: VERSION,
    wallMs: options.wallMs,
    device: typeof device === 'string' ? device : undefined,
  }
  const fault = outcome.kind === 'fault' ? describeFault(outcome.fault) : undefined
  const faultFile = join(root, directory, 'fault')
  if (fault === undefined) await rm(faultFile, { force: true })
  else await writeAtomically(faultFile, `${fault}\n`, 0o644)
  const site = await orElse('the settings of the site cannot be read', () => readSite(root), siteSchema.parse({}))
  await orElse('the page could not be switched', () => switchPage(stored, join(root, directory)), undefined)
  const tell = () => tellConsoles(stored, join(root, directory))
  await orElse('the consoles cannot be reached from beside the board', tell, undefined)
  await applySystem(site, { root, directory, device: board.device, serial, say })
  const { language } = site.system
  await tidyCard({ found, outcome, board, language, enrolText: enrolNote(stored, language) }, options)
  if (outcome.kind === 'imported') say(`imported ${found.own.join(', ')} for ${board.device}`)
  return fault
}

/** Never throws: whatever is wrong, the device goes on with what it has. */
async function importFiles(
  found: FoundFiles,
  serial: string | undefined,
  { boot, root, say }: ProvisionOptions,
): Promise<Outcome> {
  let file = found.own.at(-1) ?? ''
  const work = async (): Promise<Outcome> => {
    if (await finishInstallation(root)) say('finished what a power cut had interrupted')
    const { before, floor } = await readProved(root)
    if (found.own.length === 0) {
      await removeFile(join(root, TAKEN_PATH))
      return before === undefined ? { kind: 'fault', fault: nothingFound(found) } : { kind: 'unchanged' }
    }
    const brought: BroughtFile[] = []
    for (const name of found.own) {
      file = name
      brought.push(await readBrought(boot, name))
    }
    const digest = digestOf(brought)
    if (before !== undefined && (await readIfThere(join(root, TAKEN_PATH))) === digest) return { kind: 'unchanged' }
    const result = takeOver(before, brought, floor, serial)
    await install(result.text, root)
    await writeAtomically(join(root, TAKEN_PATH), digest, 0o600)
    return { kind: 'imported', result }
  }
  try {
    return await whileLocked(root, work)
  } catch (err) {
    if (!(err instanceof UserError)) say(`unexpected: ${err instanceof Error ? err.stack : errorMessage(err)}`)
    if (err instanceof ConfigurationError)
      return { kind: 'fault', fault: { file: basename(err.file), issues: err.issues } }
    return { kind: 'fault', fault: { file, issues: [{ line: undefined, key: '', message: errorMessage(err) }] } }
  }
}

function nothingFound({ foreign, lookalikes }: FoundFiles): Fault {
  const issue = (message: string) => ({ file: '', issues: [{ line: undefined, key: '', message }] })
  const [similar] = lookalikes
  if (similar !== undefined) return issue(`there is no oobm.toml, but "${similar}": rename it to oobm.toml`)
  if (foreign.length > 0) return issue(`there is no file for this board, only for others: ${foreign.join(', ')}`)
  return issue('there is no oobm.toml on this card')
}

/** What the texts on the card tell. */
interface Told {
  found: FoundFiles
  outcome: Outcome
  board: BoardFacts
  language: Language
  enrolText: string | undefined
}

/** On a card that is full, damaged or write-protected a note may be missing or a file stay; the settings are applied all the same. */
async function tidyCard(
  { found, outcome, board, language, enrolText }: Told,
  { boot, root, say }: ProvisionOptions,
): Promise<void> {
  const { own, foreign, taken, lookalikes } = found
  const done = outcome.kind !== 'fault' && own.length > 0
  const toErase = [...taken, ...(done ? [...own, ...foreign] : [])]
  const names = await listFiles(boot)
  if (names === undefined) return
  const hasError = names.includes(ERROR_NOTE)
  const isEnrolTold = (await readEnrolNote(boot, names)) === enrolText
  if (toErase.length === 0 && outcome.kind === 'unchanged' && !hasError && isEnrolTold) return
  try {
    await whileWritable(boot, async () => {
      for (const name of toErase) await eraseFile(boot, name)
      if (outcome.kind === 'fault') await writeNote(boot, ERROR_NOTE, errorNote(outcome.fault, board, language))
      else if (hasError) await rm(join(boot, ERROR_NOTE))
      if (!isEnrolTold && enrolText === undefined) await rm(join(boot, ENROL_NOTE), { force: true })
      else if (!isEnrolTold && enrolText !== undefined) await writeNote(boot, ENROL_NOTE, enrolText)
      if (outcome.kind === 'imported') {
        const { provisioning, complete } = outcome.result
        await writeNote(
          boot,
          IMPORTED_NOTE,
          importedNote({ files: own, provisioning, complete, foreign, lookalikes }, board, language),
        )
      }
    })
    if (done) await removeFile(join(root, TAKEN_PATH))
  } catch (err) {
    const left = toErase.length === 0 ? '' : `; keys may still be on the card: ${toErase.join(', ')}`
    say(`the boot partition ${boot} cannot be written: ${errorMessage(err)}${left}`)
  }
}

/** As it was written; undefined when it is not there. */
async function readEnrolNote(boot: string, names: readonly string[]): Promise<string | undefined> {
  if (!names.includes(ENROL_NOTE)) return undefined
  const text = await readIfThere(join(boot, ENROL_NOTE)).catch(() => '')
  return text?.replace(/^\ufeff/, '').replaceAll('\r\n', '\n')
}

/** Makes a host key for a device whose file has none: otherwise its sshd makes a new one at each boot. */
async function ensureHostKey(root: string): Promise<void> {
  const path = join(root, secretPath('shellHostKey'))
  if ((await readIfThere(path)) !== undefined) return
  const { privateKey } = newKeyPair('')
  const { before, floor } = await readProved(root)
  // Written anew without its number, the settings would have none.
  if (before !== undefined && floor !== 'lost') {
    // The self-test must know it, too.
    await install(withSettings(before, { secrets: { shellHostKey: privateKey } }).text, root)
    return
  }
  for (const folder of ['/etc/oobm', SECRETS_DIRECTORY, `${SECRETS_DIRECTORY}/shell`])
    await makeDirectory(join(root, folder), folder === '/etc/oobm' ? 0o755 : 0o700)
  await writeAtomically(path, privateKey, 0o600)
}

async function readSite(root: string): Promise<Site> {
  const text = await readIfThere(join(root, SITE_PATH))
  return parseToml(SITE_PATH, text ?? '', siteSchema)
}

function digestOf(files: readonly BroughtFile[]): string {
  const hash = createHash('sha256')
  for (const { name, bytes } of files) hash.update(`${name}\0${bytes.length}\0`).update(bytes)
  return hash.digest('hex')
}
