/** Enrolment of a board that has no settings of its own yet: what it sends to the relay, and how the operator's seat knows it. */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import * as z from 'zod'
import { asciiJson } from '../runtime/printable.ts'
import { nameSchema, publicKeySchema } from './names.ts'
import { publicKeyBlob } from './ssh-key.ts'

/** A board's serial number; without one, a name that is made of its key. */
export const boardSchema = z
  .string()
  .regex(/^[0-9a-z][0-9a-z-]{0,63}$/, 'must be a serial number: letters of a to z, digits and -')

/** 128 bits: who does not know it, the relay too, can send no request that the seat takes. */
export const siteSecretSchema = z.string().regex(/^[0-9a-f]{32}$/, 'must be 32 lower-case hexadecimal digits')

/** On a board that waits to be accepted. */
export const enrolmentSchema = z.strictObject({
  site: nameSchema.meta({ description: 'name of the enrolment in the fleet file' }),
  board: boardSchema.optional().meta({
    description: 'serial number of the board, which the device writes here itself',
    whenLeftOut: 'default: read from the board',
  }),
})

/** The name of a device that waits to be accepted: no relay lets it in by that. */
export function waitingName(board: string): string {
  return `new-${board}`.slice(0, 32)
}

/** An adapter that a board has seen. */
export const adapterSchema = z.strictObject({
  usb: z.string().max(40),
  product: z.string().max(100),
  serial: z.string().max(100),
})

const ed25519Schema = publicKeySchema.refine(key => key.startsWith('ssh-ed25519 '), 'must be an Ed25519 key')

/** `relayKey` comes first: oobm-enrol-command on the relay finds it by its name. */
const requestSchema = z.strictObject({
  relayKey: ed25519Schema,
  bridgeHostKey: ed25519Schema,
  shellHostKey: ed25519Schema,
  site: nameSchema,
  board: boardSchema,
  software: z.string().max(40),
  adapters: z.array(adapterSchema).max(32),
})

export type EnrolmentRequest = z.output<typeof requestSchema>
export type SeenAdapter = EnrolmentRequest['adapters'][number]

/** Bytes that a relay takes of a request. */
export const REQUEST_MAX_BYTES = 8_192

/** What a board runs with the enrolment key; the relay's side is oobm-enrol-command. */
export const ENROL_COMMAND = 'enrol'

/** By which a relay keeps a request: SHA-256 of the key with which the board will log in. */
export function requestId({ relayKey }: Pick<EnrolmentRequest, 'relayKey'>): string {
  return createHash('sha256').update(publicKeyBlob(relayKey)).digest('hex')
}

/**
 * What a person compares: the same on the card of the board and at the seat, unless somebody put other keys in. Of the serial
 * number and of all three keys.
 */
export function enrolmentFingerprint(request: Omit<EnrolmentRequest, 'software' | 'adapters'>): string {
  const { site, board, relayKey, bridgeHostKey, shellHostKey } = request
  const text = [site, board, relayKey, bridgeHostKey, shellHostKey].join('\n')
  return `SHA256:${createHash('sha256').update(text).digest('base64').replace(/=+$/, '')}`
}

/** Two lines: the HMAC-SHA256 of the second (RFC 2104), and the request as JSON in ASCII. */
export function formatRequest(request: EnrolmentRequest, siteSecret: string): string {
  const json = asciiJson(requestSchema.parse(request))
  return `${macOf(json, siteSecret)}\n${json}\n`
}

export type ReadRequest = { request: EnrolmentRequest } | { refused: 'damaged' | 'mac' }

/** @param text what a relay says that a board has sent: nothing in it is believed without the HMAC */
export function readRequest(text: string, siteSecret: string): ReadRequest {
  if (text.length > REQUEST_MAX_BYTES) return { refused: 'damaged' }
  const [, mac, json] = /^([0-9a-f]{64})\n([ -~]+)\n?$/.exec(text) ?? []
  if (mac === undefined || json === undefined) return { refused: 'damaged' }
  if (!timingSafeEqual(Buffer.from(mac), Buffer.from(macOf(json, siteSecret)))) return { refused: 'mac' }
  try {
    return { request: requestSchema.parse(JSON.parse(json)) }
  } catch {
    return { refused: 'damaged' }
  }
}

function macOf(json: string, siteSecret: string): string {
  return createHmac('sha256', Buffer.from(siteSecret, 'hex')).update(json).digest('hex')
}

/** What oobm-enrol-command answers. */
export const ENROL_ANSWERS = ['waiting', 'accepted', 'rejected', 'full'] as const
export type EnrolAnswer = (typeof ENROL_ANSWERS)[number]
