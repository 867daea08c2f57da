/** Connectivity that is on trial: what is written of it, in the journal of the installation and in a file of its own. */
import * as z from 'zod'
import { SECRETS_DIRECTORY } from '../../formats/provisioning.ts'
import { stringifyToml } from '../../formats/toml-file.ts'

export const TRIAL_PATH = `${SECRETS_DIRECTORY}/trial.toml`

/** Both ends are whole: either is installed as it stands. */
export const trialSchema = z.strictObject({
  /** Of the document; of a change by hand, the number that the device has. */
  serial: z.int(),
  /** SHA-256 of the document, hexadecimal; of a change by hand, what no other one has. */
  digest: z.string(),
  /** `waiting`: `old` is installed; `trial`: `next` is. */
  phase: z.enum(['waiting', 'trial']),
  /** When the phase began, in milliseconds since 1970, as the clock was. */
  since: z.int(),
  /** What a person did on the device, in words, in place of a document: they have agreed that sessions may be cut off. */
  byHand: z.string().optional(),
  /** Milliseconds for which it waits, as far as they are written down: over all starts of the device. */
  waitedMs: z.int().optional(),
  /** How often the trial began: at its beginning, and after each start of the device. */
  starts: z.int(),
  /** All settings of the device, with the connectivity that was proved last. */
  old: z.string(),
  /** The same with the connectivity that is on trial. */
  next: z.string(),
})

export type Trial = z.output<typeof trialSchema>

export function trialText(trial: Trial): string {
  return stringifyToml(trial)
}
