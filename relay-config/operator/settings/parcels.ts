/** Signed documents on their way from the operator's seat to a relay: one line of JSON on the standard input of `settings push --stdin`. */
import * as z from 'zod'
import { nameSchema } from '../../../formats/names.ts'
import { DOCUMENT_MAX_BYTES, SERIAL_MAX } from '../../../formats/settings-delivery.ts'
import { EXIT, UserError } from '../../../runtime/errors.ts'
import type { Parcel } from '../../relay/settings/mailbox.ts'

const streamSchema = z.strictObject({
  oobmRelaySettings: z.literal(1),
  documents: z.array(
    z.strictObject({
      device: nameSchema,
      serial: z.int().min(1).max(SERIAL_MAX),
      /** Base64: the bytes are signed, and arrive as they are. */
      document: z.base64().max(DOCUMENT_MAX_BYTES * 2),
    }),
  ),
})

export function stringifyParcels(parcels: readonly Parcel[]): string {
  const documents = parcels.map(({ document, ...rest }) => ({ ...rest, document: document.toString('base64') }))
  return `${JSON.stringify({ oobmRelaySettings: 1, documents } satisfies z.input<typeof streamSchema>)}\n`
}

/** @throws UserError for anything else */
export function parseParcels(text: string): Parcel[] {
  try {
    const { documents } = streamSchema.parse(JSON.parse(text))
    return documents.map(({ document, ...rest }) => ({ ...rest, document: Buffer.from(document, 'base64') }))
  } catch (err) {
    const message =
      'the input is not from an "oobm-relay settings push" of this version: install the same version on both sides'
    throw new UserError(message, EXIT.usage, { cause: err })
  }
}
