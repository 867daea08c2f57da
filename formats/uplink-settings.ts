/** `[[uplinks]]`: what is known of the interfaces that lead out, and in which order they are used. */
import * as z from 'zod'

/** What an interface is, as far as the device can see. */
export const UPLINK_KINDS = ['cable', 'wifi', 'modem'] as const
export type UplinkKind = (typeof UPLINK_KINDS)[number]

/** The order of interfaces without one of their own; the lowest is used first. */
export const UPLINK_ORDER = { cable: 10, wifi: 20, modem: 30 } as const satisfies Record<UplinkKind, number>

export const interfaceNameSchema = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,14}$/, 'must be the name of a network interface, such as eth0')

export const uplinkSchema = z.strictObject({
  interface: interfaceNameSchema.meta({ description: 'name of the network interface', example: 'wwan0' }),
  order: z
    .int()
    .min(0)
    .max(1_000)
    .optional()
    .meta({
      description: 'its place among the uplinks: the lowest number is used first',
      whenLeftOut: `default ${UPLINK_ORDER.cable} for a cable, ${UPLINK_ORDER.wifi} for Wi-Fi, ${UPLINK_ORDER.modem} for a modem`,
      example: 5,
      option: false,
    }),
  metered: z.boolean().optional().meta({
    description: 'whether it is paid by the byte',
    details:
      'While the tunnel goes over it, the intervals of the profile `cellular` apply; while it stands by, it is proved at most six times in 24 hours.',
    whenLeftOut: 'default: a modem is metered where the device has another uplink, too',
    option: false,
  }),
})

export type UplinkSettings = z.output<typeof uplinkSchema>
