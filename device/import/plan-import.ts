/** What a provisioning file becomes on the device: paths, contents and modes; pure. */

import { type DeviceConfig, deviceConfigSchema, type TechnicianConfig } from '../../formats/device-config.ts'
import { snakeCase } from '../../formats/key-case.ts'
import { type Provisioning, SECRETS, SECRETS_DIRECTORY, type Secrets } from '../../formats/provisioning.ts'
import type { Site } from '../../formats/site-config.ts'
import { readPrivateKeyFacts } from '../../formats/ssh-key.ts'
import { type Problem, stringifyToml } from '../../formats/toml-file.ts'
import { TRIAL_PATH, type Trial, trialText } from './trial.ts'

export interface PlannedFile {
  /** Absolute, as on the device. */
  path: string
  content: string
  /** 0600 for what is secret; its directory is then 0700. */
  mode: number
}

export interface ImportPlan {
  config: DeviceConfig
  site: Site
  /** In the order to write: the configuration last, so that it never names a file that is missing. */
  files: PlannedFile[]
  /** Secrets of an earlier import that this one does not have. */
  removals: string[]
}

export const CONFIG_PATH = '/etc/oobm/device.toml'
/** The site's settings: Wi-Fi has secrets. */
export const SITE_PATH = `${SECRETS_DIRECTORY}/system.toml`
/** Who may sign settings documents, and the number of the newest one. */
export const SETTINGS_PATH = '/etc/oobm/settings.toml'
/** The same again: a number that is lost would make old documents good. */
export const SETTINGS_COPY_PATH = `${SECRETS_DIRECTORY}/settings.toml`
export const SHELL_KEYS_PATH = '/etc/oobm/shell_authorized_keys'
export const ADMIN_KEYS_PATH = '/etc/oobm/admin_authorized_keys'
/** There while sshd is closed on the uplink side: its port, for the program `sides`. */
export const CLOSED_SSH_PATH = '/etc/oobm/ssh_closed_on_uplinks'
export const SHELL_HOST_KEY_PATH = '/etc/oobm/shell_host_key.pub'

const SECRET_NAMES = Object.keys(SECRETS) as (keyof Secrets)[]

/**
 * @param provisioning checked, its keys by {@link keyProblems} too
 * @param trial of connectivity
 */
export function planImport(provisioning: Provisioning, trial?: Trial): ImportPlan {
  const { secrets, site, settings } = provisioning
  const config = withShellHostKey(provisioning)
  const secretFiles = SECRET_NAMES.flatMap(name => {
    const content = secrets[name]
    return content === undefined ? [] : [{ path: secretPath(name), content, mode: 0o600 }]
  })
  const hostKey = secrets.shellHostKey === undefined ? undefined : readPrivateKeyFacts(secrets.shellHostKey)?.publicKey
  return {
    config,
    site,
    files: [
      // First: whoever sees only a part of the rest knows what it is a part of.
      ...(trial === undefined ? [] : [{ path: TRIAL_PATH, content: trialText(trial), mode: 0o600 }]),
      ...secretFiles,
      { path: SITE_PATH, content: siteText(site), mode: 0o600 },
      { path: SETTINGS_COPY_PATH, content: stringifyToml({ settings }), mode: 0o600 },
      { path: SETTINGS_PATH, content: stringifyToml({ settings }), mode: 0o644 },
      { path: SHELL_KEYS_PATH, content: authorizedKeys(config, ({ shell, admin }) => shell || admin), mode: 0o644 },
      { path: ADMIN_KEYS_PATH, content: authorizedKeys(config, ({ admin }) => admin), mode: 0o644 },
      ...(hostKey === undefined
        ? []
        : [{ path: SHELL_HOST_KEY_PATH, content: `${hostKey} ${config.device}\n`, mode: 0o644 }]),
      ...(config.shell.sshOnUplink ? [] : [{ path: CLOSED_SSH_PATH, content: `${config.shell.port}\n`, mode: 0o644 }]),
      { path: CONFIG_PATH, content: stringifyToml(config), mode: 0o644 },
    ],
    removals: [
      ...SECRET_NAMES.filter(name => secrets[name] === undefined).map(secretPath),
      ...(hostKey === undefined ? [SHELL_HOST_KEY_PATH] : []),
      ...(config.shell.sshOnUplink ? [CLOSED_SSH_PATH] : []),
      ...(trial === undefined ? [TRIAL_PATH] : []),
    ],
  }
}

/** Without modems and without a hotspot it is what earlier versions read, too: an upgrade may be undone. */
function siteText({ cellular, hotspot, ...site }: Site): string {
  const isSet = hotspot.enabled || hotspot.passphrase !== undefined
  return stringifyToml({ ...site, ...(cellular.length > 0 && { cellular }), ...(isSet && { hotspot }) })
}

export function secretPath(name: keyof Secrets): string {
  return `${SECRETS_DIRECTORY}/${SECRETS[name].source}`
}

/** What is wrong with the keys: otherwise it would only show at the next start, or to a technician as a changed host key. */
export function keyProblems({ config, secrets }: Provisioning): Problem[] {
  const problems: Problem[] = []
  for (const name of ['relayKey', 'bridgeHostKey', 'shellHostKey'] as const) {
    const text = secrets[name]
    if (text === undefined) continue
    const key = readPrivateKeyFacts(text)
    const report = (message: string) => problems.push({ path: ['secrets', snakeCase(name)], message })
    if (key === undefined) report('is damaged: not a whole private key')
    else if (key.encrypted && name !== 'relayKey') {
      report('has a passphrase: a host key must not have one, because nobody is there to type it')
    } else if (key.encrypted && secrets.relayKeyPassphrase === undefined) {
      report('has a passphrase, and secrets.relay_key_passphrase is missing')
    } else if (name === 'bridgeHostKey' && key.publicKey !== config.bridge.hostKey) {
      report('is not the private half of bridge.host_key')
    }
  }
  return problems
}

/** The self-test must know the host key of the file, not the one that the first boot made. */
function withShellHostKey({ config, secrets }: Provisioning): DeviceConfig {
  const fallback = deviceConfigSchema.shape.shell.parse({}).hostKeyFile
  if (secrets.shellHostKey === undefined || config.shell.hostKeyFile !== fallback) return config
  return { ...config, shell: { ...config.shell, hostKeyFile: SHELL_HOST_KEY_PATH } }
}

/** The keys that open an account. They are full logins, so they have no options; sshd logs the comment, which is the name. */
function authorizedKeys({ technicians }: DeviceConfig, may: (technician: TechnicianConfig) => boolean): string {
  return technicians
    .filter(may)
    .flatMap(({ name, keys }) => keys.map(key => `${key} ${name}\n`))
    .join('')
}
