/** `oobm-relay issue`: writes the file that field staff copy onto a device's card. */
import { dirname, join, resolve } from 'node:path'
import * as z from 'zod'
import { LANGUAGES, languageOf } from '../../../formats/languages.ts'
import { parseProvisioning, stringifyProvisioning } from '../../../formats/provisioning.ts'
import { connectivitySchema } from '../../../formats/settings-document.ts'
import { checkSite, type SiteInput, siteShape } from '../../../formats/site-config.ts'
import { parseToml, readToml } from '../../../formats/toml-file.ts'
import { EXIT, errorCode, UserError } from '../../../runtime/errors.ts'
import { readTextFile } from '../../../runtime/text-file.ts'
import { reasonOf } from '../../../runtime/unexpected.ts'
import { writeAtomically } from '../../../runtime/write-atomically.ts'
import { relaysOf } from '../../fleet/access.ts'
import { adviceOn } from '../../fleet/checks/advice.ts'
import { stepLines, stepsToRelays } from '../../fleet/edit/next-steps.ts'
import type { Fleet } from '../../fleet/fleet-config.ts'
import { renderDeviceConfig } from '../../fleet/render/device-config.ts'
import { fieldSheet } from '../../fleet/render/field-sheet.ts'
import { defineCommand, deviceOf, withFleet } from '../command.ts'
import { withSpareKeys } from '../relay-keys.ts'
import { readGatewayKey, readPrivateKey, readPublicKey } from '../secrets.ts'
import { readIssued } from '../settings/serials.ts'
import { makeSpareKeys } from './keys.ts'

export const issue = defineCommand({
  summary: 'write the provisioning file of a device, with its secrets',
  arguments: [{ value: 'DEVICE', help: 'the device' }],
  options: {
    with: {
      value: 'FILE',
      help: 'add the settings of its site (Wi-Fi, addresses, time zone, password of a proxy) from FILE',
    },
    out: { value: 'FILE', help: 'write FILE instead of secrets/DEVICE/oobm.toml' },
    language: {
      choices: LANGUAGES,
      help: 'language of the field sheet that is written beside it; default: that of --with, or else English',
    },
  },
  run: withFleet(async input => {
    const { fleet, files, values, print } = input
    const device = deviceOf(input)
    const [relayKey, shellHostKey, bridgeHostKey] = await Promise.all([
      readPrivateKey(files.secrets, device.name, 'relayKey'),
      readPrivateKey(files.secrets, device.name, 'shellHostKey'),
      readPrivateKey(files.secrets, device.name, 'bridgeHostKey'),
    ])
    const bridgePublicKey = await readPublicKey(files.secrets, device.name, 'bridgeHostKey')
    const gatewayKey = device.gateway ? await readGatewayKey(files.secrets, device.name) : undefined
    const spares = await makeSpareKeys(fleet, relaysOf(fleet, device), files.secrets, input.signal)
    for (const path of spares) print(`made ${path}`)
    const config = renderDeviceConfig(await withSpareKeys(fleet, files.secrets), device, bridgePublicKey, gatewayKey)
    const { secrets, ...site } = values.with === undefined ? {} : await readSite(resolve(values.with))
    const text = stringifyProvisioning(
      config,
      { ...secrets, relayKey, shellHostKey, bridgeHostKey },
      site,
      await trustOf(fleet, files.secrets, device.name),
    )
    parseProvisioning('oobm.toml', text)
    const out = resolve(values.out ?? join(files.secrets, device.name, 'oobm.toml'))
    try {
      await writeAtomically(out, text, 0o600)
    } catch (err) {
      if (errorCode(err) !== 'ENOENT') throw new UserError(`cannot write ${out}: ${reasonOf(err)}`)
      throw new UserError(`cannot write ${out} (ENOENT): is there a folder ${dirname(out)}?`)
    }
    print(`wrote ${out}`)
    const sheet = join(dirname(out), `field-sheet-${device.name}.html`)
    const language = languageOf(values.language ?? site.system?.language)
    await writeAtomically(sheet, fieldSheet(fleet, device, site, language), 0o644)
    print(`wrote ${sheet}: one page to print for whoever installs it, without secrets`)
    for (const advice of adviceOn(device.consoles)) print(`Note: ${advice}.`)
    print(`Copy it as oobm.toml onto the boot partition of the card for ${device.name}, then delete all other copies.`)
    for (const line of stepLines(stepsToRelays(relaysOf(fleet, device)))) print(line)
    print('Skip what you did since the last change; "oobm-relay check" tests it.')
    return EXIT.ok
  }),
})

/** Who may sign settings for it, and from which number on: a card that is written again takes none that was signed before. */
async function trustOf({ settings: { signers } }: Fleet, secrets: string, device: string) {
  if (signers.length === 0) return undefined
  return { signers, serial: (await readIssued(secrets, device))?.serial ?? 0 }
}

const siteFileSchema = z
  .strictObject({ version: z.literal(1).optional(), ...siteShape, secrets: connectivitySchema.shape.secrets })
  .superRefine(checkSite)

type SiteFile = SiteInput & z.input<z.ZodObject<Pick<typeof connectivitySchema.shape, 'secrets'>>>

/** Without defaults: a setting that is not in the file must not replace the device's own. */
export async function readSite(path: string): Promise<SiteFile> {
  const text = await readTextFile(path, EXIT.configuration)
  parseToml(path, text, siteFileSchema)
  const { version: _, ...site } = readToml(path, text)
  return site
}
