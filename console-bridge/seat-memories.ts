/** Who is at all consoles, in one file of the state directory: after a restart of the program their places are kept. */
import { readFile } from 'node:fs/promises'
import * as z from 'zod'
import type { ConsoleConfig, DeviceConfig } from '../formats/device-config.ts'
import type { Clock } from '../runtime/clock.ts'
import { errorCode, errorMessage } from '../runtime/errors.ts'
import type { Logger } from '../runtime/log.ts'
import { controllerUnder, OVER } from '../runtime/waiting.ts'
import { writeAtomically } from '../runtime/write-atomically.ts'
import type { Person } from './console/person.ts'
import type { Remembered, RememberedSeat, SeatMemory } from './console/remembered.ts'

const personSchema = z.object({
  technician: z.string(),
  role: z.enum(['operator', 'observer']),
  from: z.string(),
  via: z.enum(['relay', 'shell']).exactOptional(),
})
/** Milliseconds since 1970, which a Date can have (ECMA-262, section 21.4.1.1): a damaged file must not break greetings. */
const timeSchema = z.int().min(0).max(8.64e15)
const rememberedSchema = z.object({
  seats: z.array(z.object({ person: personSchema, viewOnly: z.boolean(), wrote: z.boolean() })),
  lastTyped: z.object({ person: personSchema, at: timeSchema }).optional(),
  transfer: z.object({ by: z.string(), what: z.string() }).optional(),
  at: timeSchema,
})
const fileSchema = z.object({ version: z.literal(1), consoles: z.record(z.string(), rememberedSchema) })

/** Milliseconds for which changes are collected. */
const COLLECT_MS = 1_000

export interface SeatMemories {
  /** @param roleNow the role of this person now; undefined where the settings of now let them in no more */
  of(console: string, roleNow: (person: Person) => Person['role'] | undefined): SeatMemory
  /** Writes what is not written yet. */
  close(): Promise<void>
}

/** @param file one that cannot be read counts as empty, and is reported */
export async function seatMemories(file: string, clock: Clock, log: Logger): Promise<SeatMemories> {
  const before = await readFileOf(file, log)
  const now = new Map<string, Remembered>()
  const closing = new AbortController()
  let writing: Promise<void> | undefined
  const write = async () => {
    const content = { version: 1, consoles: Object.fromEntries(now) }
    await writeAtomically(file, `${JSON.stringify(content)}\n`, 0o600).catch(err =>
      log.error({ file, cause: errorMessage(err) }, 'who is at the consoles was not written'),
    )
  }
  const writeSoon = async () => {
    const collecting = controllerUnder(closing.signal)
    await clock.sleep(COLLECT_MS, collecting.signal)
    collecting.release()
    writing = undefined
    if (!closing.signal.aborted) await write()
  }
  return {
    of: (console, roleNow) => {
      const found = Object.hasOwn(before, console) ? before[console] : undefined
      if (found) now.set(console, found)
      return {
        before: found && { ...found, seats: found.seats.flatMap(seat => seatNow(seat, roleNow(seat.person))) },
        put: remembered => {
          const isNew = withoutTimes(remembered) !== withoutTimes(now.get(console))
          now.set(console, remembered)
          if (isNew && !closing.signal.aborted) writing ??= writeSoon()
        },
      }
    },
    close: async () => {
      closing.abort(OVER)
      await writing
      if (now.size > 0) await write()
    },
  }
}

/** With the settings of now. Who comes by an account is known only once they do. */
export function roleNow(
  { technicians }: Pick<DeviceConfig, 'technicians'>,
  { name, isProvisional }: ConsoleConfig,
  person: Person,
): Person['role'] | undefined {
  if (isProvisional || person.via === 'shell') return person.role
  const technician = technicians.find(({ name }) => name === person.technician)
  return technician && (technician.consoles?.includes(name) ?? true) ? technician.role : undefined
}

/** The keyboard is kept for nobody who may only watch by now. */
function seatNow(seat: RememberedSeat, role: Person['role'] | undefined): RememberedSeat[] {
  return role ? [{ ...seat, person: { ...seat.person, role }, wrote: seat.wrote && role === 'operator' }] : []
}

function withoutTimes(remembered: Remembered | undefined): string {
  return JSON.stringify([remembered?.seats ?? [], remembered?.lastTyped?.person, remembered?.transfer])
}

async function readFileOf(file: string, log: Logger): Promise<Record<string, Remembered>> {
  try {
    return fileSchema.parse(JSON.parse(await readFile(file, 'utf8'))).consoles
  } catch (err) {
    if (errorCode(err) !== 'ENOENT')
      log.warn({ file, cause: errorMessage(err) }, 'who was at the consoles is not known')
    return {}
  }
}
