/** What the console bridge and a line program say to each other; bytes of the line are frames of their own. */
import * as z from 'zod'
import { consoleShape } from '../../formats/console-settings.ts'
import { printable } from '../../runtime/printable.ts'

/** Raised at each change that the other end would misunderstand: after an upgrade one end may be older. */
export const LINE_PROTOCOL = 1

/** Bytes that the bridge sends before it hears that the line took some. */
export const WINDOW_BYTES = 2_048
/** Questions that may wait for their answers at a time. */
export const ASKS_BOUND = 32

const settingsSchema = z.strictObject(
  consoleShape.pick({ baudRate: true, dataBits: true, parity: true, stopBits: true, flowControl: true }).shape,
)
const outputsSchema = z.strictObject({ dtr: z.boolean(), rts: z.boolean() })
const id = z.int().min(0)
/** Characters of a cause. */
export const CAUSE_BOUND = 300
/** What the target's side says reaches people's terminals. */
const causeSchema = z.string().transform(text => printable(text, CAUSE_BOUND))

/** From the bridge. The first is `open`; each has one answer. */
export const askSchema = z.discriminatedUnion('ask', [
  z.strictObject({ ask: z.literal('open'), id, protocol: z.int(), settings: settingsSchema }),
  z.strictObject({ ask: z.literal('set'), id, settings: settingsSchema }),
  z.strictObject({ ask: z.literal('outputs'), id, outputs: outputsSchema }),
  z.strictObject({ ask: z.literal('break'), id, on: z.boolean() }),
  ...(['modem', 'drain', 'discard', 'release'] as const).map(ask => z.strictObject({ ask: z.literal(ask), id })),
])
export type Ask = z.output<typeof askSchema>

/** From the line program. */
export const tellSchema = z.discriminatedUnion('tell', [
  z.strictObject({
    tell: z.literal('answer'),
    id,
    /** Why it was not done. */
    refused: causeSchema.optional(),
    /** As they are now; absent before the line is open. */
    settings: settingsSchema.optional(),
    outputs: outputsSchema.optional(),
    modem: z
      .strictObject({ cts: z.boolean(), dsr: z.boolean(), dcd: z.boolean(), ri: z.boolean().optional() })
      .transform(lines => ({ ...lines, ri: lines.ri }))
      .optional(),
  }),
  /** So many more bytes of the bridge's data are off to the target, or discarded. */
  z.strictObject({ tell: z.literal('taken'), bytes: z.int().min(1) }),
  z.strictObject({ tell: z.literal('held'), held: z.boolean() }),
  z.strictObject({ tell: z.literal('closed'), cause: causeSchema }),
])
export type Tell = z.output<typeof tellSchema>
/** What an answer says beside its number, and beside the settings that the line has. */
export type Answer = Pick<Extract<Tell, { tell: 'answer' }>, 'refused' | 'modem'>

/** @returns undefined for what is no message of this protocol */
export function readMessage<T>(schema: z.ZodType<T>, text: string): T | undefined {
  try {
    const { success, data } = schema.safeParse(JSON.parse(text))
    return success ? data : undefined
  } catch {
    return undefined
  }
}
