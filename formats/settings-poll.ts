/** The address that a device polls for settings documents, and what its supervisor says of it, `/run/oobm/settings-poll.json`. */
import { join } from 'node:path'
import * as z from 'zod'
import { heartbeatSchema } from '../runtime/boot-clock.ts'
import { readStatus } from './status-file.ts'

export const settingsPollSchema = z.strictObject({
  url: z
    .string()
    .max(1_000)
    .refine(isAddress, 'must be an address such as https://www.example.net/rack1.settings, without a user or password')
    .meta({
      description: 'address, HTTP or HTTPS, from which the device gets signed settings documents',
      details:
        'The signature is what counts: neither the certificate of the server nor its date is checked (docs/settings-from-afar.md).',
      example: 'https://www.example.net/rack1.settings',
      option: false,
    }),
  intervalS: z
    .number()
    .min(60)
    .max(604_800)
    .default(3_600)
    .meta({ description: 'time between two looks at it, give or take a tenth', unit: 's', option: false }),
})

export type SettingsPoll = z.output<typeof settingsPollSchema>

/** The last look at the address. */
export const pollStatusSchema = z.object({
  version: z.literal(1),
  url: z.string(),
  /** When, in this boot. */
  at: heartbeatSchema,
  /** `new`: handed to oobm-apply; `unchanged`: what was handed over before; `failed`: `cause` says why. */
  result: z.enum(['new', 'unchanged', 'failed']),
  cause: z.string(),
})

export type PollStatus = z.output<typeof pollStatusSchema>

export function pollStatusPath(runtime: string): string {
  return join(runtime, 'settings-poll.json')
}

/** @returns undefined where nothing was polled since the start of the supervisor */
export function readPollStatus(runtime: string): Promise<PollStatus | undefined> {
  return readStatus(pollStatusPath(runtime), pollStatusSchema)
}

function isAddress(text: string): boolean {
  if (!URL.canParse(text)) return false
  const { protocol, username, password, hash } = new URL(text)
  return /^https?:$/.test(protocol) && username === '' && password === '' && hash === ''
}
