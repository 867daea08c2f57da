/** What one relay knows of a device's settings document: what waits there, whether the device came for it, what it answered. */
import { constants } from 'node:fs'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import * as z from 'zod'
import {
  DIGEST,
  SERIAL_MAX,
  SETTINGS_STATES,
  type SettingsAnswer,
  settingsAnswerSchema,
} from '../../../formats/settings-delivery.ts'
import { readReport } from '../state/device-view.ts'
import { livingSessions } from '../state/sessions.ts'
import type { StatePaths } from '../state/state-paths.ts'
import { readMailbox } from './mailbox.ts'

/** `waiting`: the device has not come for it; `sent`: it has fetched it, and not answered; the others are the device's own. */
const VIEW_STATES = ['none', 'waiting', 'sent', ...SETTINGS_STATES] as const

const ageS = z.int().min(0)

/** Ages instead of times: the clocks of two relays may differ. */
export const settingsViewSchema = z.object({
  device: z.string().max(100),
  connected: z.boolean(),
  /** The version of its software, as it last reported. */
  software: z.string().max(40).optional(),
  /** When it last reported anything. */
  seenAgoS: ageS.optional(),
  /** The document that is here for it. */
  document: z
    .object({
      digest: z.string().regex(DIGEST),
      serial: z.int().min(0).max(SERIAL_MAX),
      bytes: z.int(),
      agoS: ageS,
      by: z.string().max(100),
    })
    .optional(),
  state: z.enum(VIEW_STATES),
  /** Since it is in that state. */
  agoS: ageS.optional(),
  /** What it last answered, to this document or to another. */
  answer: settingsAnswerSchema.optional(),
  answeredAgoS: ageS.optional(),
})

export type SettingsView = z.output<typeof settingsViewSchema>

/** Bytes of a record that are read: a line of the protocol, and some. */
const RECORD_MAX = 8_192

export async function readSettingsView(paths: StatePaths, device: string, nowMs: number): Promise<SettingsView> {
  const [{ offer, documents }, sessions, reported, answered, fetched] = await Promise.all([
    readMailbox(paths, device),
    livingSessions(paths, device),
    readReport(paths, device),
    readRecord(paths, device, 'settings.json'),
    readRecord(paths, device, 'settings.fetched'),
  ])
  const agoS = (thenMs: number) => Math.max(0, Math.round((nowMs - thenMs) / 1000))
  const answer = answered && parseAnswer(answered.text)
  const kept = documents.findLast(({ digest }) => digest === offer?.digest)
  const known = {
    device,
    connected: sessions.length > 0,
    ...(reported && { software: reported.report.software, seenAgoS: agoS(reported.atMs) }),
    ...(kept && {
      document: {
        ...{ digest: kept.digest, serial: kept.serial, bytes: kept.bytes },
        ...{ agoS: agoS(kept.atMs), by: kept.by },
      },
    }),
    ...(answer && answered && { answer, answeredAgoS: agoS(answered.atMs) }),
  }
  if (kept === undefined) return { ...known, state: 'none' }
  if (answer && answered && answer.digest === kept.digest) {
    return { ...known, state: answer.state, agoS: agoS(answered.atMs) + answer.sinceS }
  }
  const [, digest] = fetched?.text.trimEnd().split(' ') ?? []
  if (fetched && digest === kept.digest) return { ...known, state: 'sent', agoS: agoS(fetched.atMs) }
  return { ...known, state: 'waiting', agoS: agoS(kept.atMs) }
}

function parseAnswer(text: string): SettingsAnswer | undefined {
  try {
    return settingsAnswerSchema.parse(JSON.parse(text))
  } catch {
    return undefined
  }
}

/** A device decides what is in its folder: no link is followed, and nothing blocks. */
async function readRecord(
  { devices }: StatePaths,
  device: string,
  name: string,
): Promise<{ text: string; atMs: number } | undefined> {
  const flags = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW
  try {
    const file = await open(join(devices, device, name), flags)
    try {
      const { size, mtimeMs } = await file.stat()
      return size > RECORD_MAX ? undefined : { text: await file.readFile('utf8'), atMs: mtimeMs }
    } finally {
      await file.close()
    }
  } catch {
    return undefined
  }
}

/**
 * What several relays know of one device: of the newest document, the view of the relay that knows most of it, because the
 * device is at one of them.
 */
export function mergeViews([first, ...more]: readonly [SettingsView, ...SettingsView[]]): SettingsView {
  const all = [first, ...more]
  const newest = Math.max(...all.map(({ document }) => document?.serial ?? -1))
  const about = all.filter(({ document }) => (document?.serial ?? -1) === newest)
  const rank = ({ state, connected, answer, document }: SettingsView) => {
    if (answer && answer.digest === document?.digest) return 0
    if (state === 'sent') return 1
    return connected ? 2 : 3
  }
  const age = ({ answeredAgoS, seenAgoS }: SettingsView) => answeredAgoS ?? seenAgoS ?? Number.POSITIVE_INFINITY
  return about.toSorted((a, b) => rank(a) - rank(b) || age(a) - age(b))[0] ?? first
}
