/** Documents for devices: rendered from the fleet file, numbered, sealed, checked as the device will check them, and signed. */
import { createHash } from 'node:crypto'
import type { Options } from '../../../cli/command.ts'
import { usageError } from '../../../cli/command.ts'
import { convertSecrets } from '../../../formats/sealed-settings.ts'
import { SERIAL_MAX } from '../../../formats/settings-delivery.ts'
import {
  checkSettingsDocument,
  connectivitySchema,
  SETTINGS_NAMESPACE,
  splitDocument,
} from '../../../formats/settings-document.ts'
import { stringifyToml } from '../../../formats/toml-file.ts'
import { EXIT, UserError } from '../../../runtime/errors.ts'
import type { Device } from '../../fleet/fleet-config.ts'
import { renderSettings, type SettingsContent } from '../../fleet/render/settings-document.ts'
import type { Parcel } from '../../relay/settings/mailbox.ts'
import type { SettingsView } from '../../relay/settings/settings-view.ts'
import type { CommandInput } from '../command.ts'
import { withSpareKeys } from '../relay-keys.ts'
import { readGatewayKey, readPublicKey } from '../secrets.ts'
import { sealTo } from './seal.ts'
import { nextSerial, readIssued, writeIssued } from './serials.ts'
import { chooseSigner, type Signer, signBytes } from './sign.ts'
import { readSiteFile } from './site-file.ts'

/** The options of every command that signs. */
export const SIGN_OPTIONS = {
  key: { value: 'FILE', help: 'sign with this key; a public one stands for that in ssh-agent or a FIDO token' },
  access: { help: 'only say who gets in: people, their keys and rights, and who may sign' },
  with: { value: 'FILE', help: 'add the settings of the site (Wi-Fi, addresses, time zone) from FILE, encrypted' },
  serial: { value: 'N', help: 'use this serial number, for one device' },
} as const satisfies Options

export interface SignedDocuments {
  documents: Parcel[]
  /** Devices whose settings are as in their last document. */
  unchanged: string[]
}

/**
 * @param viewsOf what the relays know of a device
 * @throws UserError, also for the first device for which it cannot be done; nothing has left then
 */
export async function signDocuments(
  input: CommandInput,
  devices: readonly string[],
  viewsOf: (device: string) => readonly SettingsView[],
): Promise<SignedDocuments> {
  const { fleet, files, values, signal } = input
  const serial = serialOf(values.serial, devices)
  if (values.access && values.with !== undefined) usageError('--with is not for --access, which names people only')
  const signer = await signerOf(input)
  try {
    const site = values.with === undefined ? undefined : await readSiteFile(String(values.with))
    const whole = await withSpareKeys(fleet, files.secrets)
    const result: SignedDocuments = { documents: [], unchanged: [] }
    for (const name of devices) {
      const device = whole.devices.find(one => one.name === name)
      if (device === undefined) continue
      const content = await contentOf({ ...input, fleet: whole }, device)
      const hash = createHash('sha256').update(JSON.stringify(content)).digest('hex')
      const issued = await readIssued(files.secrets, name)
      const views = viewsOf(name)
      // What waits at the relays, or is in force, is this very content.
      const isThere = views.some(({ document }) => document?.serial === issued?.serial)
      if (issued?.content === hash && isThere && !values.again && site === undefined && serial === undefined) {
        result.unchanged.push(name)
        continue
      }
      const next = serial ?? nextSerial(issued, views)
      const sealed = site === undefined ? content : await withSite(content, site, await keyOf(input, device), signal)
      const document = await signed(sealed, next, signer, signal)
      await writeIssued(files.secrets, name, { serial: next, content: hash })
      result.documents.push({ device: name, serial: next, document })
    }
    return result
  } finally {
    await signer.release()
  }
}

async function signed(
  { version, device, fingerprint, access, connectivity }: SettingsContent,
  serial: number,
  signer: Signer,
  signal: AbortSignal,
): Promise<Buffer> {
  const text = stringifyToml({ version, device, fingerprint, serial, access, ...(connectivity && { connectivity }) })
  const file = `settings of ${device}`
  checkSettingsDocument(file, Buffer.from(text))
  const document = Buffer.from(text + (await signBytes(text, SETTINGS_NAMESPACE, signer, signal)))
  splitDocument(file, document)
  return document
}

async function contentOf({ fleet, files, values }: CommandInput, device: Device): Promise<SettingsContent> {
  const bridgeKey = await readPublicKey(files.secrets, device.name, 'bridgeHostKey')
  const gatewayKey = device.gateway ? await readGatewayKey(files.secrets, device.name) : undefined
  const { connectivity, ...people } = renderSettings(fleet, device, bridgeKey, gatewayKey)
  return values.access ? people : { ...people, ...(connectivity && { connectivity }) }
}

const keyOf = ({ files }: CommandInput, { name }: Device) => readPublicKey(files.secrets, name, 'bridgeHostKey')

async function withSite(
  content: SettingsContent,
  site: Record<string, unknown>,
  key: string,
  signal: AbortSignal,
): Promise<SettingsContent> {
  const seal = (secret: string) => sealTo(key, secret, signal)
  return {
    ...content,
    connectivity: { ...content.connectivity, ...(await convertSecrets(site, connectivitySchema, seal)) },
  }
}

async function signerOf({ fleet, files, values, signal }: CommandInput): Promise<Signer> {
  const { signers, key } = fleet.settings
  if (signers.length === 0) {
    const advice =
      'make a key with "ssh-keygen -t ed25519 -f ~/.ssh/oobm_settings", and put its public half into signers = [...] of [settings]'
    throw new UserError(`${files.fleet} names nobody who may sign settings: ${advice}`, EXIT.configuration)
  }
  const option = values.key === undefined ? undefined : String(values.key)
  return chooseSigner({ option, named: key, fleetFile: files.fleet, signers, signal })
}

function serialOf(option: unknown, devices: readonly string[]): number | undefined {
  if (option === undefined) return undefined
  const serial = /^\d{1,16}$/.test(String(option)) ? Number(option) : 0
  if (serial < 1 || serial > SERIAL_MAX) usageError('--serial takes a whole number from 1 on')
  if (devices.length !== 1) usageError('--serial is for one device')
  return serial
}
