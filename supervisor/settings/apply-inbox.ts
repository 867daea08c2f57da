/** Where `oobm-apply` takes settings documents from, and its record of what became of them. */
import { readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import * as z from 'zod'
import { deviceConfigPath, settingsRecordPath, settingsSpool } from '../../formats/directories.ts'
import type { SettingsAnswer } from '../../formats/settings-delivery.ts'
import { readSettingsRecord, type SettingsOutcome, type SettingsRecord } from '../../formats/settings-record.ts'
import { readToml } from '../../formats/toml-file.ts'
import { errorCode, errorMessage } from '../../runtime/errors.ts'
import { printable } from '../../runtime/printable.ts'
import { writeAtomically } from '../../runtime/write-atomically.ts'
import type { Inbox } from './settings-delivery.ts'

/** Characters of a reason that go to a relay: the device's own record has all of it. */
const CAUSE_MAX = 400

export function applyInbox(env: NodeJS.ProcessEnv, wallMs: () => number): Inbox {
  const [spool, record] = [settingsSpool(env), settingsRecordPath(env)]
  const trust = join(dirname(deviceConfigPath(env)), 'settings.toml')
  return {
    put: async (digest, bytes, from) => {
      try {
        await writeAtomically(join(spool, `${from}-${digest.slice(0, 16)}.settings`), bytes, 0o600)
        return undefined
      } catch (err) {
        // The folder comes with oobm-apply.
        if (errorCode(err) === 'ENOENT') return 'the software of this device does not know signed settings'
        return `it could not be handed to oobm-apply: ${errorMessage(err)}`
      }
    },
    look: async digest => {
      const found = await readSettingsRecord(record)
      if (found === undefined) return undefined
      return answerOf({ ...found, serial: Math.max(found.serial, await readFloor(trust)) }, digest, wallMs())
    },
  }
}

/** The number that came with the device's file: it may never have taken a document, and takes none below. */
async function readFloor(path: string): Promise<number> {
  try {
    const { settings } = readToml(path, await readFile(path, 'utf8'))
    return z.object({ serial: z.int() }).parse(settings).serial
  } catch {
    return 0
  }
}

/** What the record says of a document; without one, or where it does not know it, of the last one. */
export function answerOf(
  record: SettingsRecord,
  digest: string | undefined,
  nowMs: number,
): SettingsAnswer | undefined {
  // What a person did on the device is no answer to a relay's document.
  const outcomes = record.outcomes.filter(({ byHand }) => byHand === undefined)
  const about = outcomes.filter(outcome => outcome.digest === digest)
  // Brought twice, a document that is in force is refused as not newer: that takes nothing back.
  const outcome = about.findLast(({ result }) => result !== 'refused') ?? about.at(-1) ?? outcomes.at(-1)
  if (outcome === undefined) return undefined
  // Offered again, an old one is not brought to oobm-apply again: its fate is known.
  if (outcome.digest === digest && outcome.serial !== null && outcome.serial < record.serial) {
    const cause = `serial ${record.serial} has replaced it`
    return { digest, state: 'refused', serial: outcome.serial, accepted: record.serial, sinceS: 0, cause }
  }
  const trial =
    outcome.result === 'trial' && record.trial?.serial === outcome.serial && !record.trial.byHand
      ? record.trial
      : undefined
  const cause = trial === undefined ? outcome.detail : trialCause(trial)
  return {
    digest: outcome.digest,
    state: stateOf(outcome),
    serial: outcome.serial,
    accepted: record.serial,
    sinceS: Math.min(1e10, Math.max(0, Math.round((nowMs - (trial?.since ?? outcome.at)) / 1000))),
    cause: printable(withoutName(cause).trim().replaceAll('\n', '; '), CAUSE_MAX),
  }
}

/** The name of the file in the folder says nothing to people. */
function withoutName(cause: string): string {
  return cause.replace(/^(?:relay|address)-[0-9a-f]{16}\.settings:(?:(\d+):)? /gm, (_, line) =>
    line ? `line ${line}: ` : '',
  )
}

function stateOf({ result }: SettingsOutcome): SettingsAnswer['state'] {
  switch (result) {
    case 'in-force':
    case 'confirmed':
      return 'applied'
    case 'undone':
      return 'reverted'
    case 'refused':
    case 'partly':
    case 'trial':
      return result
    default:
      return result satisfies never
  }
}

function trialCause({ phase, cause }: NonNullable<SettingsRecord['trial']>): string {
  return phase === 'waiting' ? `not installed yet: ${cause}` : `waits for ${cause}`
}
