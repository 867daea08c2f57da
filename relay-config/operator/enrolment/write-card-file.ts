/** Writes the card file of an enrolment, and says what to do with it. */
import { join, resolve } from 'node:path'
import type { Options } from '../../../cli/command.ts'
import { EXIT, UserError } from '../../../runtime/errors.ts'
import { reasonOf } from '../../../runtime/unexpected.ts'
import { writeAtomically } from '../../../runtime/write-atomically.ts'
import type { Enrolment, Fleet } from '../../fleet/fleet-config.ts'
import type { CommandInput } from '../command.ts'
import { readSite } from '../commands/issue.ts'
import { makeSpareKeys } from '../commands/keys.ts'
import { withSpareKeys } from '../relay-keys.ts'
import { renderCardFile } from './card-file.ts'
import { type SiteKeys, siteFolder } from './site-keys.ts'

export const CARD_OPTIONS = {
  with: { value: 'FILE', help: 'add the settings of the site (Wi-Fi, time zone) from FILE' },
  out: { value: 'FILE', help: 'write FILE instead of secrets/_enrolments/NAME/oobm.toml' },
} as const satisfies Options

/** The settings of the site. @throws UserError when no card file can be written now */
export async function readForCard({
  fleet,
  files,
  values,
}: CommandInput): Promise<Awaited<ReturnType<typeof readSite>>> {
  refuseUnsigned(fleet, files.fleet)
  const unpinned = fleet.relays.find(({ hostKeys }) => hostKeys.length === 0)
  if (unpinned !== undefined) {
    const advice = 'push it first, and put the key that "oobm-relay push" prints into the fleet file'
    throw new UserError(`relay ${unpinned.name} has no host_keys in ${files.fleet}: ${advice}`, EXIT.configuration)
  }
  return values.with === undefined ? {} : readSite(resolve(String(values.with)))
}

export async function writeCardFile(
  input: CommandInput,
  enrolment: Enrolment,
  keys: SiteKeys,
  site: Awaited<ReturnType<typeof readForCard>>,
): Promise<void> {
  const { fleet, files, values, print, signal } = input
  for (const path of await makeSpareKeys(fleet, fleet.relays, files.secrets, signal)) print(`made ${path}`)
  const text = renderCardFile(await withSpareKeys(fleet, files.secrets), enrolment, keys, site)
  const out = resolve(String(values.out ?? join(siteFolder(files.secrets, enrolment.name), 'oobm.toml')))
  try {
    await writeAtomically(out, text, 0o600)
  } catch (err) {
    throw new UserError(`cannot write ${out}: ${reasonOf(err)}`, EXIT.failed, { cause: err })
  }
  print(`wrote ${out}`)
  print(`Copy it as oobm.toml onto the card of each new board of ${enrolment.name}.`)
}

/** Without a signer, no settings could ever reach the boards. */
export function refuseUnsigned({ settings: { signers } }: Fleet, file: string): void {
  if (signers.length > 0) return
  const advice =
    'make a key with "ssh-keygen -t ed25519 -f ~/.ssh/oobm_settings", and put its public half into signers = [...] of [settings]'
  throw new UserError(
    `${file} names nobody who may sign settings, and a new board takes its settings signed: ${advice}`,
    EXIT.configuration,
  )
}
