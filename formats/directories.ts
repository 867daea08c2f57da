/** Where a program finds its files: systemd says so in the environment, and the lab does the same. */
import { join } from 'node:path'

export interface Directories {
  /** Run-time files, gone at reboot: `status.json`, requests. */
  runtime: string
  /** What outlives a reboot. */
  state: string
  /** One file a secret, from `LoadCredential=`. */
  credentials: string
}

/** @param unit the unit's directory name below /run and /var/lib: `oobm` or `oobm-console` */
export function directoriesOf(unit: string, env: NodeJS.ProcessEnv): Directories {
  return {
    runtime: env.RUNTIME_DIRECTORY ?? join('/run', unit),
    state: env.STATE_DIRECTORY ?? join('/var/lib', unit),
    credentials: env.CREDENTIALS_DIRECTORY ?? join('/etc/oobm/secrets', unit),
  }
}

/** The device configuration, `/etc/oobm/device.toml` unless `$OOBM_CONFIG` names another. */
export function deviceConfigPath(env: NodeJS.ProcessEnv): string {
  return env.OOBM_CONFIG ?? '/etc/oobm/device.toml'
}

/** Run-time directory of the console bridge, for programs that are not the bridge. */
export function consoleRuntimeDirectory(env: NodeJS.ProcessEnv): string {
  return env.OOBM_CONSOLE_RUNTIME_DIRECTORY ?? '/run/oobm-console'
}

/** The history of who was in this device's shells. */
export function loginHistoryDirectory(env: NodeJS.ProcessEnv): string {
  return env.OOBM_HISTORY ?? '/var/lib/oobm-history'
}

/** Where `oobm provision` leaves what it made of the site's settings, and what it found wrong; new at each boot. */
export function provisioningDirectory(env: NodeJS.ProcessEnv): string {
  return env.OOBM_PROVISION_DIRECTORY ?? '/run/oobm-provision'
}

/** What is wrong with the file on the boot partition, in one line; there is none while nothing is. */
export function provisioningFaultPath(env: NodeJS.ProcessEnv): string {
  return join(provisioningDirectory(env), 'fault')
}

/** What the appliance's start leaves of itself, one file a fact; there is no such folder on another system. */
export function applianceFactsDirectory(env: NodeJS.ProcessEnv): string {
  return env.OOBM_FACTS ?? '/run/oobm-appliance'
}
