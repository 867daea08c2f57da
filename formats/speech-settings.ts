/** `[speech]`: whether the device speaks its state, and how loud. */
import * as z from 'zod'

const PERCENT = 'must be 1 to 100 percent, in whole numbers; "enabled = false" switches the voice off'

export const speechSchema = z.strictObject({
  enabled: z.boolean('must be true or false').default(false).meta({
    description: 'whether the device speaks its state, where it has a sound card',
    details: 'It speaks the `language` of `[system]` (docs/speech.md).',
  }),
  volume: z.int(PERCENT).min(1, PERCENT).max(100, PERCENT).default(80).meta({
    description: 'how loud it speaks',
    details: 'The mixer of the sound card stays as it is.',
    unit: 'percent',
  }),
})
