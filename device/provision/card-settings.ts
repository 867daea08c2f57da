/** Signed settings documents on the card: hands them to `oobm-apply`, and writes on the card what became of them. */
import { createHash } from 'node:crypto'
import { rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { languagePath, settingsRecordPath } from '../../formats/directories.ts'
import { languageOf } from '../../formats/languages.ts'
import { DOCUMENT_MAX_BYTES } from '../../formats/settings-delivery.ts'
import { NO_RECORD, readSettingsRecord, type SettingsRecord } from '../../formats/settings-record.ts'
import type { Clock } from '../../runtime/clock.ts'
import { errorMessage, UserError } from '../../runtime/errors.ts'
import { VERSION } from '../../runtime/version.ts'
import { readIfThere, readStored } from '../import/stored.ts'
import { readSerial } from './board-serial.ts'
import { eraseFile, listFiles, readBrought, whileWritable, writeNote } from './boot-partition.ts'
import { type CardDocument, documentsIn, SETTINGS_NOTE, settingsNote } from './card-note.ts'
import { findDocuments } from './find-files.ts'
import type { BoardFacts } from './notes.ts'
import { putDocument } from './put-document.ts'

export interface CardOptions {
  /** The boot partition. */
  boot: string
  env: NodeJS.ProcessEnv
  clock: Clock
  signal: AbortSignal
  say(line: string): void
}

/** Milliseconds until `oobm-apply` should have looked at a document: a slow board starts it that long. */
const ANSWER_MS = 120_000
/** Milliseconds after which nobody waits any more: a trial is given up earlier, however often the power fails. */
const TRIAL_MS = 26 * 3_600_000
const PACE_MS = 1_000

/**
 * Hands each document over once, and returns when all are decided, or will not be. One that was refused stays on the card and
 * is tried again at the next start, as a wrong `oobm.toml` is: somebody may have brought its signer meanwhile.
 * @returns the documents, and what became of each
 */
export async function settingsFromCard(options: CardOptions): Promise<CardDocument[]> {
  const { boot, env, clock, signal, say } = options
  const root = env.OOBM_ROOT ?? '/'
  const names = await listFiles(boot)
  if (names === undefined) throw new UserError(`there is no boot partition at ${boot}`)
  const serial = await readSerial(root)
  const stored = (await readStored(root))?.device
  const device = typeof stored === 'string' ? stored : undefined
  const record = await recordOf(env)
  const brought: Brought[] = []
  for (const file of findDocuments(names, serial, device)) brought.push(await bring(file, options, record))
  // What was taken at an earlier start is off the card; the text there tells what it was.
  if (brought.length === 0) {
    const note = (await readIfThere(join(boot, SETTINGS_NOTE))) ?? ''
    const earlier = documentsIn(note).map(document => ({ ...document, fate: 'waiting' as const, afterId: 0 }))
    brought.push(...earlier.filter(one => isTaken(fateOf(record, one))))
  }
  let onCard = names.filter(name => brought.some(({ file }) => file === name))
  let said = ''
  const startMs = clock.nowMs()
  for (;;) {
    const now = await recordOf(env)
    const documents = brought.map(one => fateOf(now, one))
    const text = JSON.stringify(documents)
    if (text !== said) {
      said = text
      for (const line of documents.map(describe)) say(line)
      const facts = { serial, device, version: VERSION, wallMs: clock.wallMs() }
      onCard = await tellCard(documents, onCard, facts, options)
    }
    const waitedMs = clock.nowMs() - startMs
    const isOpen = documents.some(({ fate }) => fate === 'trial' || (fate === 'waiting' && waitedMs < ANSWER_MS))
    if (!isOpen || waitedMs > TRIAL_MS || signal.aborted) return documents
    await clock.sleep(PACE_MS, signal)
  }
}

/** A document, and the last outcome before it was handed over; with a fate that is final, or that the record may change. */
type Brought = Pick<CardDocument, 'file' | 'digest' | 'fate'> & { afterId: number; detail?: string }

async function bring(file: string, { boot, env }: CardOptions, record: SettingsRecord): Promise<Brought> {
  // For a file that is not read.
  let digest = digestOf(file)
  const given = (fate: Brought['fate'], detail = ''): Brought => {
    return { file, digest, fate, detail, afterId: record.outcomes.at(-1)?.id ?? 0 }
  }
  try {
    const { size } = await stat(join(boot, file))
    if (size > DOCUMENT_MAX_BYTES)
      return given('refused', `it has ${size} bytes; a settings document has at most ${DOCUMENT_MAX_BYTES}`)
    const { bytes } = await readBrought(boot, file)
    digest = digestOf(bytes)
    // Taken before, and still there: the card could not be written.
    const taken = fateOf(record, { file, digest, fate: 'waiting', afterId: 0 })
    if (isTaken(taken)) return { ...taken, afterId: 0 }
    await putDocument(env, file.toLowerCase().replace(/\.settings(\.txt)?$/, ''), bytes)
    return given('waiting')
  } catch (err) {
    return given('not-handed-over', errorMessage(err))
  }
}

/**
 * Takes off the card what was taken, and writes what became of each. The text of a document that was refused goes with it.
 * On a card that cannot be written, the record of the device is what tells it.
 * @returns the documents that are still on the card
 */
async function tellCard(
  documents: readonly CardDocument[],
  onCard: readonly string[],
  board: BoardFacts,
  { boot, env, say }: CardOptions,
): Promise<string[]> {
  const toErase = documents.filter(document => isTaken(document) && onCard.includes(document.file))
  const told = documents.filter(document => isTaken(document) || onCard.includes(document.file))
  const left = onCard.filter(name => !toErase.some(({ file }) => file === name))
  const note = (await readIfThere(join(boot, SETTINGS_NOTE))) ?? ''
  const isSame = marksOf(told) === marksOf(documentsIn(note)) && (note === '') === (told.length === 0)
  if (toErase.length === 0 && isSame) return left
  const language = languageOf(await readIfThere(languagePath(env)).catch(() => undefined))
  try {
    await whileWritable(boot, async () => {
      for (const { file } of toErase) await eraseFile(boot, file)
      if (told.length > 0) await writeNote(boot, SETTINGS_NOTE, settingsNote(told, board, language))
      else await rm(join(boot, SETTINGS_NOTE), { force: true })
    })
    return left
  } catch (err) {
    say(`the boot partition ${boot} cannot be written: ${errorMessage(err)}`)
    return [...onCard]
  }
}

/** Whether it was taken, if only for a trial, or in part. */
function isTaken({ fate }: CardDocument): boolean {
  return !['waiting', 'refused', 'not-handed-over'].includes(fate)
}

/** What `oobm-apply` says of it; what was known, where it says nothing. */
function fateOf({ outcomes }: SettingsRecord, { file, digest, fate, detail = '', afterId }: Brought): CardDocument {
  const about = outcomes.filter(outcome => outcome.digest === digest && outcome.id > afterId)
  // Brought twice, one that is in force is refused as not newer: that takes nothing back.
  const last = about.findLast(({ result }) => result !== 'refused') ?? about.at(-1)
  if (last === undefined) return { file, digest, fate, detail, serial: null }
  return { file, digest, fate: last.result, detail: last.detail, serial: last.serial }
}

function describe({ file, serial, fate, detail }: CardDocument): string {
  const number = serial === null ? '' : ` (number ${serial})`
  return `${file}${number}: ${fate}${detail === '' ? '' : `: ${detail}`}`
}

function marksOf(documents: readonly Pick<CardDocument, 'digest' | 'file' | 'fate'>[]): string {
  return documents.map(({ digest, file, fate }) => `${digest} ${file} ${fate}`).join('\n')
}

async function recordOf(env: NodeJS.ProcessEnv): Promise<SettingsRecord> {
  return (await readSettingsRecord(settingsRecordPath(env))) ?? NO_RECORD
}

function digestOf(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex')
}
