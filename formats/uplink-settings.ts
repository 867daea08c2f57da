/** `[[uplinks]]`: what is known of the interfaces that lead out, and in which order they are used. */
import * as z from 'zod'
import { isTimeZone } from './time-zone.ts'

/** What an interface is, as far as the device can see. */
export const UPLINK_KINDS = ['cable', 'wifi', 'modem'] as const
export type UplinkKind = (typeof UPLINK_KINDS)[number]

/** The order of interfaces without one of their own; the lowest is used first. */
export const UPLINK_ORDER = { cable: 10, wifi: 20, modem: 30 } as const satisfies Record<UplinkKind, number>

export const interfaceNameSchema = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,14}$/, 'must be the name of a network interface, such as eth0')

const kbitSchema = z
  .int('must be a whole number of kilobits a second')
  .min(64, 'must be at least 64 (kilobits a second)')
  .max(10_000_000, 'must be at most 10000000 (kilobits a second)')

export const uplinkSchema = z
  .strictObject({
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
    uplinkKbit: z
      .strictObject({
        up: kbitSchema.meta({ description: 'kilobits a second that it takes', example: 2_000 }),
        down: kbitSchema.meta({ description: 'kilobits a second that come by it', example: 20_000 }),
      })
      .optional()
      .meta({
        description: 'how fast it is, where the device is a router for others: the tunnel then goes before them',
        whenLeftOut: 'default: unknown, and there is only an order of packets',
      }),
    budgetMbDay: z
      .int('must be a whole number of megabytes')
      .min(1, 'must be at least 1 (megabyte); leave it out for no limit')
      .max(10_000_000, 'must be at most 10000000 (megabytes)')
      .optional()
      .meta({
        description: 'megabytes a day that hosts behind the role `router` may use of it, both ways together',
        details: 'What the device itself sends, the tunnel above all, neither counts nor is stopped.',
        whenLeftOut: 'default: no limit',
        example: 500,
        option: false,
      }),
    budgetResetHour: z
      .int('must be a whole hour, 0 to 23')
      .min(0, 'must be 0 to 23')
      .max(23, 'must be 0 to 23')
      .optional()
      .meta({
        description: 'hour at which the day of `budget_mb_day` begins',
        whenLeftOut: 'default 0, midnight',
        example: 0,
        option: false,
      }),
    budgetZone: z.string().refine(isTimeZone, 'must be a time zone such as Europe/Berlin or UTC').optional().meta({
      description: 'time zone of that hour',
      whenLeftOut: 'default: that of the board',
      example: 'Europe/Berlin',
      option: false,
    }),
  })
  .superRefine(({ budgetMbDay, budgetResetHour, budgetZone }, context) => {
    for (const [key, value] of Object.entries({ budgetResetHour, budgetZone }))
      if (value !== undefined && budgetMbDay === undefined)
        context.addIssue({ code: 'custom', path: [key], message: 'is of budget_mb_day, which is not there' })
  })

export type UplinkSettings = z.output<typeof uplinkSchema>
