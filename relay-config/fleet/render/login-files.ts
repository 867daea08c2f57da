/** What `oobm-login` reads on a relay: each technician's consoles, and the consoles' host keys (way 2). */
import { labelText } from '../../../formats/console-label.ts'
import { listenersOf } from '../../../formats/listeners.ts'
import { loginConsolesOf, relaysOf } from '../access.ts'
import type { Device, Fleet, Relay, Technician } from '../fleet-config.ts'

/** Below /etc/oobm/relay. Root owns all of them, and everybody may read them except the keys. */
export const LOGIN_FILES = {
  /** Host keys, one file for all. */
  knownHosts: 'login_known_hosts',
  /** One list for each technician who has a console by login. */
  list: (technician: string) => `login/${technician}`,
  /** Private half of the hop key: owned by the technician's uid, mode 0400, in a folder of root's. */
  hopKey: (technician: string) => `hop_keys/${technician}`,
} as const

/** The consoles that a technician may open by a login on this relay. */
export function loginConsolesBy(fleet: Fleet, relay: Relay, technician: Technician) {
  if (relay.accounts !== 'dedicated') return []
  return loginConsolesOf(fleet, technician).filter(({ device }) => relaysOf(fleet, device).includes(relay))
}

/** Technicians who have such a console. */
export function loginTechnicians(fleet: Fleet, relay: Relay): Technician[] {
  return fleet.technicians.filter(technician => loginConsolesBy(fleet, relay, technician).length > 0)
}

/** What the menu says of a console; nothing depends on it. */
function notesOf({ escapeSet }: Technician, { bridge }: Device, console: Device['consoles'][number]) {
  const isConserver = (escapeSet ?? console.escapeSet) === 'conserver'
  const key = isConserver ? '^Ec' : bridge?.escape
  return { label: labelText(console.label), escape: key === 'ctrl-]' ? undefined : key }
}

/**
 * Path below /etc/oobm/relay → text, mode 0644, owned by root; everything else in `login/` and `hop_keys/` is to be removed.
 * @param bridgeHostKeyOf the public host key of a device's console bridge
 */
export function renderLoginFiles(
  fleet: Fleet,
  relay: Relay,
  bridgeHostKeyOf: (device: Device) => string,
): Map<string, string> {
  const files = new Map<string, string>()
  const hosts = new Map<string, string>()
  for (const technician of loginTechnicians(fleet, relay)) {
    const consoles = loginConsolesBy(fleet, relay, technician)
    const lines = consoles.map(({ device, console }) => {
      hosts.set(console.name, bridgeHostKeyOf(device))
      const notes = Object.entries(notesOf(technician, device, console))
        .filter(([, text]) => text !== undefined)
        .map(([what, text]) => `# ${console.name} ${what} ${text}\n`)
      return `${notes.join('')}${console.name} ${listenersOf(device.port).console} ${console.name} ${device.name}\n`
    })
    files.set(LOGIN_FILES.list(technician.name), lines.join(''))
  }
  if (hosts.size > 0) files.set(LOGIN_FILES.knownHosts, [...hosts].map(([name, key]) => `${name} ${key}\n`).join(''))
  return files
}
