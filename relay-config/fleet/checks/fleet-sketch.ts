/** A fleet that may not be well formed: what can be read of it all the same. */
import * as z from 'zod'
import { nameSchema, portSchema, publicKeySchema, RELAY_PORT } from '../../../formats/names.ts'
import { usbPortSchema } from '../../../formats/usb-port.ts'
import { ADMIN_PORT } from '../fleet-schema.ts'

export interface Problem {
  path: PropertyKey[]
  message: string
  /** The setting with which it collides. */
  also?: PropertyKey[] | undefined
}

const wellFormed = <T extends z.ZodType>(schema: T) => schema.optional().catch(undefined)
const listOf = <T extends z.ZodType>(item: T) => z.array(wellFormed(item)).catch([])
const names = listOf(nameSchema)

/** Takes any value, and keeps what is well formed in its place: the shape reports the errors of the rest. */
const lenient = z
  .object({
    relays: listOf(
      z.object({
        name: wellFormed(nameSchema),
        host: wellFormed(z.string()),
        port: portSchema.default(RELAY_PORT).catch(RELAY_PORT),
        adminPort: portSchema.default(ADMIN_PORT).catch(ADMIN_PORT),
        accounts: z.unknown().optional(),
        user: z.unknown().optional(),
        hostKeys: z.unknown().optional(),
        tls: z.unknown().optional(),
        adminTls: z.unknown().optional(),
      }),
    ),
    devices: listOf(
      z.object({
        name: wellFormed(nameSchema),
        port: wellFormed(portSchema),
        relays: names,
        consoles: listOf(
          z.object({
            name: wellFormed(nameSchema),
            path: wellFormed(z.string()),
            usb: wellFormed(z.string()),
            outlets: names,
          }),
        ),
        outlets: listOf(
          z.object({ name: wellFormed(nameSchema), kind: wellFormed(z.string()), pin: wellFormed(z.number()) }),
        ),
        led: wellFormed(
          z.object({
            backend: wellFormed(z.string()),
            pin: wellFormed(z.number()),
            rgb: wellFormed(z.array(z.number())),
          }),
        ),
        button: wellFormed(z.object({ pin: wellFormed(z.number()) })),
        sparePorts: listOf(usbPortSchema),
      }),
    ),
    technicians: listOf(
      z.object({
        name: wellFormed(nameSchema),
        keys: listOf(publicKeySchema),
        hopKeys: listOf(publicKeySchema),
        consoles: names,
        shells: names,
        admins: names,
        login: names,
        power: names,
        role: wellFormed(z.string()),
        uid: z.unknown().optional(),
      }),
    ),
    enrolments: listOf(z.object({ name: wellFormed(nameSchema) })),
  })
  .catch({ relays: [], devices: [], technicians: [], enrolments: [] })

export type FleetSketch = z.output<typeof lenient>

export function sketchOf(raw: unknown): FleetSketch {
  return lenient.parse(raw)
}
