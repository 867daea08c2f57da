/** Where a program finds its files: from the environment that systemd, or the lab, sets. */
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

/** The history of logins to the shells of this device. */
export function loginHistoryDirectory(env: NodeJS.ProcessEnv): string {
  return env.OOBM_HISTORY ?? '/var/lib/oobm-history'
}

/**
 * Where settings documents are put for `oobm-apply`, each renamed to `NAME.settings` when it is whole. It takes each away.
 * Members of the group oobm may write there, the supervisor among them.
 */
export function settingsSpool(env: NodeJS.ProcessEnv): string {
  return env.OOBM_SETTINGS_SPOOL ?? '/run/oobm-settings'
}

/** What became of the settings documents: `settings.json` of `oobm-apply`, for everybody to read. */
export function settingsRecordPath(env: NodeJS.ProcessEnv): string {
  return env.OOBM_SETTINGS_RECORD ?? '/var/lib/oobm-apply/settings.json'
}

/** What became of the requests to `oobm-apply` in this boot, for everybody to read. */
export function requestAnswersPath(env: NodeJS.ProcessEnv): string {
  return env.OOBM_REQUEST_ANSWERS ?? '/run/oobm-apply/requests.json'
}

/** Files that technicians copy here with scp, and that the menu of a console sends and receives. */
export function sharedFilesDirectory(env: NodeJS.ProcessEnv): string {
  return env.OOBM_FILES ?? '/var/lib/oobm-files'
}

/** What `oobm provision` makes of the settings of the site, and the errors that it finds; new at each boot. */
export function provisioningDirectory(env: NodeJS.ProcessEnv): string {
  return env.OOBM_PROVISION_DIRECTORY ?? '/run/oobm-provision'
}

/** On which side of the board each of its addresses is: `sides.json` of `oobm-sides`, for everybody to read. */
export function sidesPath(env: NodeJS.ProcessEnv): string {
  return env.OOBM_SIDES ?? '/run/oobm-sides/sides.json'
}

/** What is wrong with the file on the boot partition, in one line; missing when nothing is. */
export function provisioningFaultPath(env: NodeJS.ProcessEnv): string {
  return join(provisioningDirectory(env), 'fault')
}

/** The language of what field staff read and hear, for programs that may not read the settings of the site. */
export function languagePath(env: NodeJS.ProcessEnv): string {
  return join(provisioningDirectory(env), 'language')
}

/** Facts about the start of the appliance, one file each; other systems do not have this folder. */
export function applianceFactsDirectory(env: NodeJS.ProcessEnv): string {
  return env.OOBM_FACTS ?? '/run/oobm-appliance'
}

/** The system generation that is on trial since this start; missing while none is. */
export function upgradeTrialPath(env: NodeJS.ProcessEnv): string {
  return join(applianceFactsDirectory(env), 'trial')
}

/** Where the kernel shows adapters and their device files. */
export function kernelFolders(env: NodeJS.ProcessEnv): { sysfs: string; dev: string } {
  return { sysfs: env.OOBM_SYSFS ?? '/sys', dev: env.OOBM_DEV ?? '/dev' }
}

/** Of `oobm-modem`. */
export function modemDirectories(env: NodeJS.ProcessEnv): Directories {
  return directoriesOf('oobm-modem', env)
}

/** Run-time directory of `oobm-modem`, for other programs; there is none where no modem is dialled. */
export function modemRuntimeDirectory(env: NodeJS.ProcessEnv): string {
  return env.OOBM_MODEM_RUNTIME_DIRECTORY ?? '/run/oobm-modem'
}
