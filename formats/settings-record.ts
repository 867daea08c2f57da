/** What `oobm-apply` says about settings documents, `/var/lib/oobm-apply/settings.json`: the only definition of the file. */
import * as z from 'zod'
import { readStatus } from './status-file.ts'

/** What became of a document; each of them is final, but `trial`. */
export const RESULTS = {
  refused: 'nothing of it took effect',
  'in-force': 'all of it is in force',
  partly: 'access is in force, connectivity was refused',
  trial: 'accepted; its connectivity is on trial',
  confirmed: 'its connectivity was proved, and stays',
  undone: 'its connectivity was not proved, and the one before is back',
} as const

export const outcomeSchema = z.object({
  /** Counts all outcomes of this device. */
  id: z.int(),
  /** Milliseconds since 1970, as the clock was. */
  at: z.int(),
  /** SHA-256 of the document, hexadecimal; of one that was not read, of nothing. */
  digest: z.string(),
  /** Of a document whose signature is good. */
  serial: z.int().nullable(),
  /** What a person did on the device, in place of a document. */
  byHand: z.string().optional(),
  result: z.enum(Object.keys(RESULTS) as [keyof typeof RESULTS]),
  /** Why, as a sentence; empty where the result says everything. */
  detail: z.string(),
})

export const settingsRecordSchema = z.object({
  version: z.literal(1),
  /** Documents that were refused, ever. */
  refused: z.int(),
  /** The newest serial number that was accepted; 0 for none. */
  serial: z.int(),
  /** The connectivity that is not decided yet. */
  trial: z
    .object({
      serial: z.int(),
      /** What a person did on the device, in place of a document. */
      byHand: z.string().optional(),
      /** `waiting`: it is not installed; `trial`: it is. */
      phase: z.enum(['waiting', 'trial']),
      since: z.int(),
      /** SHA-256 of the settings that it would leave: tells how a trial ended that nobody wrote down. */
      next: z.string().optional(),
      /** What it waits for. */
      cause: z.string(),
    })
    .nullable(),
  /** The latest, newest last; refused documents never push out others. */
  outcomes: z.array(outcomeSchema),
  /** What becomes of a document that is being installed, once it is: written before that, so that a power cut loses nothing. */
  pending: outcomeSchema
    .omit({ id: true })
    .extend({
      serial: z.int(),
      /** The trial that it ends. */
      ended: outcomeSchema.pick({ serial: true, byHand: true, digest: true }).optional(),
    })
    .optional(),
})

export type SettingsRecord = z.output<typeof settingsRecordSchema>
export type SettingsOutcome = SettingsRecord['outcomes'][number]
export type PendingOutcome = NonNullable<SettingsRecord['pending']>

/** The record when a document was taken. */
export function withTaken({ pending: _, ...record }: SettingsRecord, taken: PendingOutcome): SettingsRecord {
  const { ended, ...outcome } = taken
  const detail = `document ${taken.serial} came before it was decided`
  const before =
    ended === undefined
      ? record
      : { ...withOutcome(record, { at: taken.at, ...ended, result: 'undone', detail }), trial: null }
  return { ...withOutcome(before, outcome), serial: taken.serial }
}

/** What was tried, as a noun. */
export function nameOf({ serial, byHand }: { serial: number | null; byHand?: string | undefined }): string {
  if (byHand !== undefined) return `by hand: ${byHand}`
  return serial === null ? '-' : `number ${serial}`
}

/** Outcomes that are kept, of those that are refusals and of the others. */
const KEPT = 16

/** The record with one more outcome. */
export function withOutcome(record: SettingsRecord, outcome: Omit<SettingsOutcome, 'id'>): SettingsRecord {
  const id = (record.outcomes.at(-1)?.id ?? 0) + 1
  const all = [...record.outcomes, { ...outcome, id }]
  const latest = (isRefusal: boolean) => all.filter(({ result }) => (result === 'refused') === isRefusal).slice(-KEPT)
  return {
    ...record,
    refused: record.refused + (outcome.result === 'refused' ? 1 : 0),
    outcomes: [...latest(true), ...latest(false)].sort((a, b) => a.id - b.id),
  }
}

export const NO_RECORD: SettingsRecord = { version: 1, refused: 0, serial: 0, trial: null, outcomes: [] }

/** @returns undefined when there is none */
export function readSettingsRecord(path: string): Promise<SettingsRecord | undefined> {
  return readStatus(path, settingsRecordSchema)
}
