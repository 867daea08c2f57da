/** The lab's fleet: one relay, three devices with a console each, and three people; what its hosts are called besides. */
import { stringifyToml } from '../formats/toml-file.ts'

export const RELAY = 'lab'

export const DEVICES = [
  { name: 'tokyo-rack1', console: 'core-sw1' },
  { name: 'osaka-rack1', console: 'core-sw2' },
  { name: 'kobe-rack1', console: 'edge-rt1' },
] as const
export type DeviceName = (typeof DEVICES)[number]['name']

/** The device that the short names mean, and at which a real port takes the simulated router's place. */
export const [{ name: DEVICE, console: CONSOLE }] = DEVICES

/** What each may do; the first runs the relay, too. */
export const PEOPLE = {
  alice: { role: 'operator', consoles: 'all', shells: 'all', relayRole: 'owner' },
  bob: { role: 'operator', consoles: [CONSOLE], shells: [DEVICE] },
  carol: { role: 'observer', consoles: 'all' },
} as const
export type Person = keyof typeof PEOPLE
export const PERSONS = Object.keys(PEOPLE) as Person[]
export const TECHNICIAN = 'alice'

/** The key that signs settings: a file beside the fleet file. */
export const SETTINGS_KEY = 'settings_key'

/** Host of alice's ssh_config → its short name in the lab. */
export const SHORT_NAMES = { [`oobm-relay-${RELAY}`]: 'relay', [DEVICE]: 'shell', [CONSOLE]: 'console' }

/** Seconds: short, so that a person who breaks something sees it noticed. */
const INTERVALS = { keepaliveS: 3, probeS: 10, selftestS: 60, timeoutS: 8, backoffMaxS: 4, slowRetryS: 5, stableS: 10 }

/** The prompt of a boot loader says nothing that a relay may not see. */
const ALERT_RULES = [{ name: 'ios-boot-loader', alertText: true }]

/** What is the operator's to say; the ports are TCP ports on 127.0.0.1. */
export interface LabFleet {
  /** The one login of relay and devices: whoever runs the lab. */
  user: string
  relay: { port: number; hostKey: string; directory: string }
  devices: {
    name: DeviceName
    console: string
    listenerPort: number
    shellPort: number
    shellHostKeyFile: string
    bridgePort: number
    led: string
    /** Path of the console's line. */
    equipment: string
  }[]
  /** Everybody's public key. */
  keys: Record<Person, string>
  /** The public half of {@link SETTINGS_KEY}. */
  settingsKey: string
}

export function renderLabFleet({ user, relay, devices, keys, settingsKey }: LabFleet): string {
  const { hostKey, ...where } = relay
  return stringifyToml({
    version: 1,
    relays: [{ name: RELAY, host: '127.0.0.1', user, hostKeys: [hostKey], ...where }],
    devices: devices.map(device => ({
      name: device.name,
      port: device.listenerPort,
      shellUser: user,
      consoles: [{ name: device.console, path: device.equipment, alerts: ['ios'], alertRules: ALERT_RULES }],
      led: { backend: 'file', path: device.led },
      intervals: INTERVALS,
      shell: { port: device.shellPort, hostKeyFile: device.shellHostKeyFile },
      selftest: { user },
      bridge: { port: device.bridgePort },
    })),
    technicians: PERSONS.map(name => ({ name, keys: [keys[name]], ...PEOPLE[name] })),
    settings: { signers: [settingsKey], key: SETTINGS_KEY },
  })
}
