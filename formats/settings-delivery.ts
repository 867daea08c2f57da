/** What a device and its relay say to each other about a signed settings document (docs/protocol.md): the relay only keeps it. */
import * as z from 'zod'
import { asciiJson } from '../runtime/printable.ts'

/** Bytes of the largest document that a relay keeps and a device takes, its signature included. */
export const DOCUMENT_MAX_BYTES = 256 * 1024

/** A document is named by the SHA-256 of its bytes, in hex: whoever has the name can check that the bytes are whole. */
export const DIGEST = /^[0-9a-f]{64}$/

/** The largest serial number: beyond it, JSON and TOML readers differ. */
export const SERIAL_MAX = Number.MAX_SAFE_INTEGER

/** What became of a document at its device. */
export const SETTINGS_STATES = ['delivered', 'trial', 'applied', 'partly', 'reverted', 'refused'] as const

export type SettingsState = (typeof SETTINGS_STATES)[number]

/** What a device says of the last document that it was given. Ages, because a board may not know the time. */
export const settingsAnswerSchema = z.object({
  digest: z.string().regex(DIGEST),
  /**
   * `delivered`: the device has it, and has not decided. `trial`: its connectivity is not decided. `applied`: in force.
   * `partly`: who gets in is in force, and the connectivity was refused. `reverted`: the trial failed, and the earlier
   * connectivity is in force. `refused`: nothing of it took effect.
   */
  state: z.enum(SETTINGS_STATES),
  /** The serial number of this document; null if it could not be read. */
  serial: z.int().min(0).max(SERIAL_MAX).nullable(),
  /** The serial number that the device takes no older one than; null if it does not know. */
  accepted: z.int().min(0).max(SERIAL_MAX).nullable(),
  /** Seconds since it is in this state. */
  sinceS: z.int().min(0).max(1e10),
  /** Why: for people; empty where there is nothing to say. */
  cause: z.string().max(400),
})

export type SettingsAnswer = z.output<typeof settingsAnswerSchema>

/** As a line of the control channel, without its end. */
export function formatSettingsAnswer(answer: SettingsAnswer): string {
  return `settings ${asciiJson({ ...answer, cause: answer.cause.slice(0, 400) })}`
}

/** A relay's offer: it has this document for the device. */
export interface SettingsOffer {
  type: 'settings'
  digest: string
  bytes: number
}

/** The words of the message after its type. @returns undefined for an offer that is not whole, or of a document that is too long */
export function parseSettingsOffer([digest = '', size = '']: readonly string[]): SettingsOffer | undefined {
  const bytes = /^\d{1,7}$/.test(size) ? Number(size) : 0
  return DIGEST.test(digest) && bytes > 0 && bytes <= DOCUMENT_MAX_BYTES
    ? { type: 'settings', digest, bytes }
    : undefined
}

export function formatSettingsOffer({ digest, bytes }: Pick<SettingsOffer, 'digest' | 'bytes'>): string {
  return `settings ${digest} ${bytes}`
}
