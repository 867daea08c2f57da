/** What people call the equipment at a console: one text, or site, rack, model, cable and contact; pure. */
import * as z from 'zod'

/** Nothing that a terminal obeys, and nothing invisible. */
const LABEL = /^(?=\P{Z})[^\p{C}\p{Zl}\p{Zp}]{1,100}$/u

/** One line that people read: also whom field staff call. */
export const labelTextSchema = z
  .string()
  .refine(text => LABEL.test(text), 'must be one line of up to 100 printable characters')

/** In this order they are shown. */
const partsSchema = z
  .strictObject({
    site: labelTextSchema.optional(),
    rack: labelTextSchema.optional(),
    model: labelTextSchema.optional(),
    cable: labelTextSchema.optional(),
    contact: labelTextSchema.optional(),
  })
  .refine(parts => Object.values(parts).some(part => part !== undefined), 'needs site, rack, model, cable or contact')

export const labelSchema = z.union([labelTextSchema, partsSchema], {
  error: ({ input }) =>
    typeof input === 'object'
      ? 'may have site, rack, model, cable and contact, each one line of up to 100 printable characters'
      : 'must be one line of up to 100 printable characters, or a table of site, rack, model, cable and contact',
})

export type ConsoleLabel = z.output<typeof labelSchema>

/** In at most two lines: where and what it is, and whom to ask. The cable is for whoever plugs it in. */
export function labelLines(label: ConsoleLabel | undefined): string[] {
  if (label === undefined) return []
  if (typeof label === 'string') return [label]
  const { site, rack, model, contact } = label
  const place = [site, rack && `rack ${rack}`, model].filter(part => part !== undefined)
  return [...(place.length > 0 ? [place.join(', ')] : []), ...(contact === undefined ? [] : [`contact: ${contact}`])]
}

/** In one line. */
export function labelText(label: ConsoleLabel | undefined): string | undefined {
  const lines = labelLines(label)
  return lines.length === 0 ? undefined : lines.join('; ')
}
