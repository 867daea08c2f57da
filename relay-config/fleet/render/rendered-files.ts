/** The files of a fleet: those for each relay, and those for each technician. */
import type { Language } from '../../../formats/languages.ts'
import type { Device, Fleet } from '../fleet-config.ts'
import { renderAuthorizedKeys } from './authorized-keys.ts'
import { directTargets } from './direct-targets.ts'
import { type RelayScripts, renderInstallScript } from './install-script.ts'
import { type DeviceHostKeys, renderKnownHosts } from './known-hosts.ts'
import { puttyRegistry, puttyScript, puttySessions } from './putty-sessions.ts'
import { renderSshConfig, type TechnicianFiles } from './ssh-config.ts'
import { renderSshdConfig } from './sshd-config.ts'
import { technicianSheet } from './technician-sheet.ts'
import { teraTermMacro } from './teraterm-macro.ts'

export interface RenderedFile {
  content: string
  mode: number
}

/** The public keys of one device. */
export interface DevicePublicKeys extends DeviceHostKeys {
  relay: string
}

/**
 * Path, relative to one folder → file.
 * @param keys those of every device, by its name
 */
export function renderFiles(
  fleet: Fleet,
  keys: ReadonlyMap<string, DevicePublicKeys>,
  scripts: RelayScripts,
  technicianFiles: TechnicianFiles & { puttyKeyFile?: string; language?: Language },
): Map<string, RenderedFile> {
  const files = new Map<string, RenderedFile>()
  const relayKeys = new Map([...keys].map(([device, { relay }]) => [device, relay]))
  // A dedicated relay makes its own from the fleet file: see relay/apply/.
  const owners = fleet.technicians.filter(({ relayRole }) => relayRole === 'owner').map(({ name }) => name)
  for (const relay of fleet.relays.filter(({ accounts }) => accounts === 'shared')) {
    const authorizedKeys = renderAuthorizedKeys(fleet, relay, relayKeys)
    const add = (file: string, content: string, mode = 0o644) =>
      files.set(`relay/${relay.name}/${file}`, { content, mode })
    add('authorized_keys', authorizedKeys)
    add('oobm-device-command', scripts.deviceCommand, 0o755)
    add('oobm-technician-command', scripts.technicianCommand, 0o755)
    add('oobm-enrol-command', scripts.enrolCommand, 0o755)
    add('sshd_config', renderSshdConfig(relay))
    add('install', renderInstallScript(relay, authorizedKeys, scripts, owners), 0o755)
  }
  for (const technician of fleet.technicians) {
    const folder = `technicians/${technician.name}`
    const config = renderSshConfig(fleet, technician, technicianFiles)
    const keysOf = ({ name }: Device) => keys.get(name) ?? missing(name)
    const sessions = puttySessions(fleet, technician, keysOf, technicianFiles.puttyKeyFile)
    const add = (file: string, content: string) => files.set(`${folder}/${file}`, { content, mode: 0o644 })
    add('config', config)
    add('known_hosts', renderKnownHosts(fleet, technician, keysOf))
    add('putty.reg', puttyRegistry(sessions))
    add('putty-linux.sh', puttyScript(sessions))
    const direct = directTargets(fleet, technician, keysOf)
    add('teraterm.ttl', teraTermMacro(fleet, technician, direct, technicianFiles.puttyKeyFile))
    add('sheet.html', technicianSheet(fleet, technician, keysOf, technicianFiles.language ?? 'en'))
  }
  return files
}

function missing(device: string): never {
  throw new Error(`no keys of ${device} were given`)
}
