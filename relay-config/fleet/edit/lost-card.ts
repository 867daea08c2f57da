/** What the card of a device gives away, and so what to change when it is lost or stolen; pure. */
import { parseLinePath } from '../../../formats/line-path.ts'
import { relaysOf } from '../access.ts'
import type { Device, Fleet } from '../fleet-config.ts'

/** @returns a line for each thing, as docs/stolen-card.md explains them; the fleet file does not know everything of a device */
export function lostCardLines(fleet: Fleet, device: Device): string[] {
  const { name, consoles } = device
  const withPassword = consoles.filter(({ path }) => path !== undefined && parseLinePath(path) !== undefined)
  const shared = relaysOf(fleet, device).filter(({ accounts }) => accounts === 'shared')
  const logins = shared.map(({ user, host }) => `${user}@${host}`)
  return [
    `the site's Wi-Fi passphrases and 802.1X logins that were given to ${name}`,
    ...(logins.length === 0 ? [] : [`the password of ${logins.join(' and ')}, if ${name} logged in with it`]),
    `the host keys of ${name}: "oobm-relay keys" makes others if the name is used again, and technicians get new files`,
    ...(withPassword.length === 0
      ? []
      : [`passwords of equipment at ${withPassword.map(console => console.name).join(', ')}, if ${name} had them`]),
    ...(consoles.length === 0
      ? []
      : [
          `passwords and keys that ${consoles.map(console => console.name).join(', ')} showed on the console: the transcript has them`,
        ]),
    'what people left in their homes on it, such as private keys',
  ]
}
