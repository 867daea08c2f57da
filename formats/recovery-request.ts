/** What the supervisor may ask of `oobm-apply` when the way out is stuck, or for the hotspot, and what became of it: the only definition of both. */
import * as z from 'zod'
import { heartbeatSchema } from '../runtime/boot-clock.ts'
import { RECOVERY_STEPS } from './recovery-steps.ts'
import { readStatus } from './status-file.ts'

/** All that may be asked for. */
export const REQUEST_STEPS = [...RECOVERY_STEPS, 'hotspot-on', 'hotspot-off'] as const
export type RequestStep = (typeof REQUEST_STEPS)[number]

export type RecoveryRequest = { step: Exclude<RequestStep, 'reboot'>; interface: string } | { step: 'reboot' }

/** Bytes of a request: the longest word and the longest name. */
export const REQUEST_MAX_BYTES = 64

/** Of the names that the kernel allows (dev_valid_name), those that need no quotes anywhere. */
const INTERFACE = /^[A-Za-z0-9][A-Za-z0-9._-]{0,14}$/

export function requestText(request: RecoveryRequest): string {
  return request.step === 'reboot' ? 'reboot' : `${request.step} ${request.interface}`
}

/** @returns undefined for anything that is not exactly one request */
export function parseRequest(text: string): RecoveryRequest | undefined {
  const [step, name, ...rest] = text.replace(/\n$/, '').split(' ')
  if (rest.length > 0) return undefined
  if (step === 'reboot') return name === undefined ? { step } : undefined
  const known = REQUEST_STEPS.find(one => one === step)
  if (known === undefined || known === 'reboot' || name === undefined || !INTERFACE.test(name)) return undefined
  return { step: known, interface: name }
}

/** The detail of what is being done: of one that is killed meanwhile it stays so. */
export const INTERRUPTED = 'interrupted'

const answerSchema = z.object({
  /** As it was asked. */
  request: z.string(),
  at: heartbeatSchema,
  result: z.enum(['done', 'refused', 'failed']),
  /** Why, as a sentence; empty where it was done. */
  detail: z.string(),
  /** When a request of this kind was last tried, and not refused. */
  tried: heartbeatSchema.optional(),
})

/** `/run/oobm-apply/requests.json`: the last answer to each kind of request in this boot, for everybody to read. */
export const requestAnswersSchema = z.object({
  version: z.literal(1),
  answers: z.partialRecord(z.enum(REQUEST_STEPS), answerSchema),
})

export type RequestAnswers = z.output<typeof requestAnswersSchema>
export type RequestAnswer = z.output<typeof answerSchema>

/** `/var/lib/oobm-apply/reboots.json`: the reboots that were made because nothing else helped. */
export const rebootsSchema = z.object({
  version: z.literal(1),
  count: z.int(),
  /** Of the last one; `wallMs` as the clock was. */
  last: z.object({ at: heartbeatSchema, wallMs: z.int() }).nullable(),
})

export type Reboots = z.output<typeof rebootsSchema>

export const NO_REBOOTS: Reboots = { version: 1, count: 0, last: null }

/** @returns undefined when there are none, or they cannot be read */
export function readRequestAnswers(path: string): Promise<RequestAnswers | undefined> {
  return readStatus(path, requestAnswersSchema).catch(() => undefined)
}

/** @returns undefined when there were none. @throws a system error, or a SyntaxError */
export function readReboots(path: string): Promise<Reboots | undefined> {
  return readStatus(path, rebootsSchema)
}
