/** The serial numbers of settings, on the operator's side: secrets/DEVICE/settings.json. A device takes no serial twice. */
import { mkdir, readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import * as z from 'zod'
import { SERIAL_MAX } from '../../../formats/settings-delivery.ts'
import { EXIT, errorCode, UserError } from '../../../runtime/errors.ts'
import { writeAtomically } from '../../../runtime/write-atomically.ts'
import type { SettingsView } from '../../relay/settings/settings-view.ts'

const issuedSchema = z.object({
  /** The last one that was signed. */
  serial: z.int().min(0).max(SERIAL_MAX),
  /** SHA-256 of what that document says besides its serial number. */
  content: z.string().max(100),
})

export type Issued = z.output<typeof issuedSchema>

/**
 * A relay that was broken into may claim any number for a device. Up to here, a step costs nothing: there are more numbers than
 * anybody can sign.
 */
const STEP_MAX = 1_000_000

/** @throws UserError for a file that is damaged */
export async function readIssued(secrets: string, device: string): Promise<Issued | undefined> {
  const path = pathOf(secrets, device)
  try {
    return issuedSchema.parse(JSON.parse(await readFile(path, 'utf8')))
  } catch (err) {
    if (errorCode(err) === 'ENOENT') return undefined
    const advice = `restore it from your backup, or delete it: the next number is then the one after that which ${device} reports`
    throw new UserError(`${path} cannot be read: ${advice}`, EXIT.configuration, { cause: err })
  }
}

/** Before the document leaves: a number that was signed is never used again. */
export async function writeIssued(secrets: string, device: string, issued: Issued): Promise<void> {
  const path = pathOf(secrets, device)
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  await writeAtomically(path, `${JSON.stringify(issued)}\n`, 0o600)
}

/**
 * The next serial number: above what was signed here, what waits at the relays, and what the device has. Without a state of its
 * own (a lost folder, another operator's machine), the relays' word is all there is.
 * @throws UserError for a number that a relay cannot have honestly
 */
export function nextSerial(issued: Issued | undefined, views: readonly SettingsView[]): number {
  const own = issued?.serial ?? 0
  const told = Math.max(0, ...views.flatMap(({ document, answer }) => [document?.serial ?? 0, answer?.accepted ?? 0]))
  if (told > own + STEP_MAX) {
    const device = views[0]?.device ?? 'a device'
    const message = `a relay says that ${device} has serial ${told}, and the last one signed here is ${own}: is that relay what it was? --serial N sets the number`
    throw new UserError(message, EXIT.failed)
  }
  return Math.max(own, told) + 1
}

function pathOf(secrets: string, device: string): string {
  return join(secrets, device, 'settings.json')
}
