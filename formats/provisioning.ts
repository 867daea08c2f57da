/** The provisioning file `oobm.toml`: a device configuration, its secrets and the settings of its site, in one file for field staff. */
import * as z from 'zod'
import {
  type DeviceConfig,
  type DeviceConfigInput,
  deviceConfigSchema,
  deviceConfigSchemaWith,
} from './device-config.ts'
import { siteSecretSchema } from './enrolment.ts'
import { lineSchema, signerKeySchema } from './names.ts'
import { checkSite, type Site, type SiteInput, siteShape } from './site-config.ts'
import { parseToml, stringifyToml } from './toml-file.ts'

const privateKeySchema = z
  .string()
  .regex(
    /^-----BEGIN OPENSSH PRIVATE KEY-----\n[A-Za-z0-9+/=\n]+\n-----END OPENSSH PRIVATE KEY-----\n?$/,
    'must be a private key in the OpenSSH format, from BEGIN to END',
  )
  .transform(text => (text.endsWith('\n') ? text : `${text}\n`))

const secretsSchema = z.strictObject({
  relayKey: privateKeySchema.optional().meta({
    description: 'private key with which the device logs in to its relays',
    whenLeftOut: 'required with authentication = "key"',
    secret: 'private-key',
  }),
  relayKeyPassphrase: lineSchema
    .optional()
    .meta({ description: 'passphrase of that key, if it has one', secret: 'text' }),
  relayPassword: lineSchema.optional().meta({
    description: 'password with which the device logs in to its relays',
    whenLeftOut: 'required with authentication = "password"',
    secret: 'text',
  }),
  proxyPassword: lineSchema.optional().meta({
    description: 'password of the login at the HTTP proxy',
    whenLeftOut: 'required where `proxy.user` is set',
    secret: 'text',
  }),
  bridgeHostKey: privateKeySchema.meta({
    description: 'private host key of the console bridge',
    secret: 'private-key',
  }),
  enrolmentKey: privateKeySchema.optional().meta({
    description: 'private key with which all new boards of a site ask to be accepted',
    details: 'It is gone from the device once that is done, as `site_secret` is.',
    whenLeftOut: 'required with `enrolment`',
    secret: 'private-key',
  }),
  siteSecret: siteSecretSchema.optional().meta({
    description: 'what a new board proves to the operator, and the relay does not know',
    whenLeftOut: 'required with `enrolment`',
    secret: 'text',
  }),
  shellHostKey: privateKeySchema.optional().meta({
    description: 'private host key of the sshd of the device',
    whenLeftOut: 'default: made at the first start',
    secret: 'private-key',
  }),
})

/** Who may change this device from afar, and since which document. */
export const settingsSchema = z.strictObject({
  serial: z.int('must be a whole number').min(0).max(Number.MAX_SAFE_INTEGER).default(0).meta({
    description: 'serial number of the newest settings document: the device takes none with this number or a lower one',
    details: 'A file with a lower number than the device has does not lower it.',
  }),
  signers: z.array(signerKeySchema).default([]).meta({
    description: 'public keys that may sign settings documents for this device',
    details: 'Without one, it takes no settings from afar (docs/settings-from-afar.md).',
  }),
})

export type SettingsTrust = z.output<typeof settingsSchema>

export type Secrets = z.output<typeof secretsSchema>

/** Where `oobm import` keeps the secrets: only root can read them, and systemd hands them to the units. */
export const SECRETS_DIRECTORY = '/etc/oobm/secrets'

/**
 * The file that each secret becomes, and the unit that systemd hands it to; `system` is sshd's own.
 * `source` is the file below {@link SECRETS_DIRECTORY}, root 0600. A program finds its own as `file` in its credentials
 * directory: a unit loads a whole directory, because one absent file would keep it from starting, and systemd names
 * what comes from directory `relay` `relay_…` (systemd.exec(5), LoadCredential=).
 */
export const SECRETS = {
  relayKey: { file: 'relay_key', source: 'relay/key', unit: 'oobm' },
  relayKeyPassphrase: { file: 'relay_key_passphrase', source: 'relay/key_passphrase', unit: 'oobm' },
  relayPassword: { file: 'relay_password', source: 'relay/password', unit: 'oobm' },
  proxyPassword: { file: 'relay_proxy_password', source: 'relay/proxy_password', unit: 'oobm' },
  enrolmentKey: { file: 'relay_enrolment_key', source: 'relay/enrolment_key', unit: 'oobm' },
  siteSecret: { file: 'relay_site_secret', source: 'relay/site_secret', unit: 'oobm' },
  bridgeHostKey: { file: 'bridge_host_key', source: 'bridge/host_key', unit: 'oobm-console' },
  shellHostKey: { file: 'shell_host_key', source: 'shell/host_key', unit: 'system' },
} as const satisfies Record<keyof Secrets, { file: string; source: string; unit: string }>

/** Everything that `oobm.toml` may hold. */
export const provisioningSchema = deviceConfigSchemaWith({
  ...siteShape,
  settings: settingsSchema
    .prefault({})
    .meta({ description: 'settings from afar: who may sign them, and the last number' }),
  secrets: secretsSchema.meta({ description: 'what leaves the boot partition, and is not in `/etc/oobm/device.toml`' }),
}).superRefine((whole, context) => {
  checkSite(whole, context)
  if (whole.proxy?.user !== undefined && whole.secrets.proxyPassword === undefined) {
    const message = 'is missing: the login at the proxy (proxy.user) needs it'
    context.addIssue({ code: 'custom', path: ['secrets', 'proxyPassword'], message })
  }
  for (const key of whole.enrolment ? (['enrolmentKey', 'siteSecret'] as const) : []) {
    if (whole.secrets[key] !== undefined) continue
    context.addIssue({ code: 'custom', path: ['secrets', key], message: 'is missing: a board to be enrolled needs it' })
  }
  const needed = whole.authentication === 'key' ? 'relayKey' : 'relayPassword'
  if (whole.secrets[needed] !== undefined) return
  const message = `is missing: authentication = "${whole.authentication}" needs it`
  context.addIssue({ code: 'custom', path: ['secrets', needed], message })
})

/** Keys without which a file is not whole. What an operator issues has them all. */
export const REQUIRED_KEYS: readonly string[] = Object.entries(provisioningSchema.shape).flatMap(([key, schema]) =>
  (schema as z.ZodType).isOptional() ? [] : [key],
)

export interface Provisioning {
  config: DeviceConfig
  secrets: Secrets
  site: Site
  settings: SettingsTrust
}

/** The three parts of a file that was checked against {@link provisioningSchema}. */
export function partsOf(whole: z.output<typeof provisioningSchema>): Provisioning {
  const {
    secrets,
    settings,
    system,
    wifi,
    interfaces,
    outletSecrets,
    firstInstallation,
    cellular,
    hotspot,
    ...config
  } = whole
  return {
    config,
    secrets,
    site: { system, wifi, interfaces, outletSecrets, firstInstallation, cellular, hotspot },
    settings,
  }
}

/**
 * Reads a provisioning file.
 * @throws ConfigurationError with everything that is wrong in it
 */
export function parseProvisioning(file: string, text: string): Provisioning {
  return partsOf(parseToml(file, text, provisioningSchema))
}

/** Writes a provisioning file. */
export function stringifyProvisioning(
  config: DeviceConfigInput,
  secrets: Secrets,
  site: SiteInput = {},
  settings?: SettingsTrust,
): string {
  deviceConfigSchema.parse(config)
  return stringifyToml({ ...config, ...site, ...(settings && { settings }), secrets })
}
