/** Which side each address of a device is on: `/run/oobm-sides/sides.json`, which `oobm-sides.service` writes at each change. */
import * as z from 'zod'

/** `local`: for those beside the board. `uplink`: all others, whoever may be there. */
export const SIDES = ['local', 'uplink'] as const
export type Side = (typeof SIDES)[number]

const sidedAddressSchema = z.object({
  interface: z.string(),
  /** IPv4 or IPv6, without its length. */
  address: z.string(),
  prefixLength: z.int(),
  side: z.enum(SIDES),
  /** Why it is on that side, in words: "the fallback address, and there is no lease". */
  why: z.string(),
})
export type SidedAddress = z.output<typeof sidedAddressSchema>

/** Of the addresses that are set; 127.0.0.1 and ::1 are on no side. */
export const sidesSchema = z.object({
  version: z.literal(1),
  /** When it was written, in the board's time, such as 2026-01-31T23:59:59Z. */
  at: z.iso.datetime(),
  addresses: z.array(sidedAddressSchema),
})
export type Sides = z.output<typeof sidesSchema>

/**
 * The unit that is active while an IPv4 address is on the local side. What serves it is a `oobm-WHAT@ADDRESS.service` with
 * `PartOf=` and `After=` this unit, in `oobm-local@.target.wants/`.
 */
export function localTarget(address: string): string {
  return `oobm-local@${address}.target`
}
