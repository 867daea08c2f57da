/** The Wi-Fi of this board as `oobm wifi` works with it: where everything is, and whether it is ours to change. */

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { kernelFolders, provisioningDirectory, upgradeTrialPath } from '../../formats/directories.ts'
import { hotspotSpecPath, hotspotStatusPath, WIFI_INTERFACE } from '../../formats/hotspot.ts'
import { EXIT, UserError } from '../../runtime/errors.ts'
import type { Connection } from './connection.ts'
import { readConnection } from './connection.ts'
import { withWpa, wpaDirectory } from './wpa-control.ts'

export interface Board {
  /** Below which the settings are. */
  root: string
  /** Of wpa_supplicant's sockets. */
  sockets: string
  /** What `oobm provision` makes for this boot: as the programs see it, and where it is. */
  provisioning: { path: string; directory: string }
  unit: string
  /** Whether a system upgrade is on trial. */
  isUpgrading: boolean
  /** Whether its radio is a hotspot now. */
  isHotspot: boolean
  signal: AbortSignal
}

/** @throws UserError where it is nobody's, or somebody else's */
export function boardOf(env: NodeJS.ProcessEnv, signal: AbortSignal, typed: string): Board {
  const root = env.OOBM_ROOT ?? '/'
  if (root === '/' && process.getuid?.() !== 0)
    throw new UserError(`only an administrator sees and changes the networks of the device: sudo ${typed}`, EXIT.usage)
  const path = provisioningDirectory(env)
  const directory = join(root, path)
  if (!existsSync(directory))
    throw new UserError(
      'the network of this system is not made from oobm.toml: use what manages it, such as nmcli',
      EXIT.unavailable,
    )
  if (!existsSync(join(kernelFolders(env).sysfs, 'class/net', WIFI_INTERFACE)))
    throw new UserError(`this board has no Wi-Fi: there is no interface ${WIFI_INTERFACE}`, EXIT.unavailable)
  const unit = `oobm-wpa@${WIFI_INTERFACE}.service`
  const isUpgrading = existsSync(upgradeTrialPath(env))
  // Where another radio is the hotspot, this one has no such file.
  const isHotspot = existsSync(hotspotStatusPath(env)) && existsSync(hotspotSpecPath(directory, WIFI_INTERFACE))
  return { root, sockets: wpaDirectory(env), provisioning: { path, directory }, unit, isUpgrading, isHotspot, signal }
}

/** @returns undefined while the board is in no network, or does not try */
export function connectionOf({ sockets, signal }: Board): Promise<Connection | undefined> {
  return withWpa(sockets, WIFI_INTERFACE, signal, readConnection)
}
