/** The lab's fleet: one relay, one device, one console, one technician; and what its hosts are called besides. */
import { stringifyToml } from '../formats/toml-file.ts'

export const RELAY = 'lab'
export const DEVICE = 'lab-device'
export const TECHNICIAN = 'alice'
/** The key that signs settings: a file beside the fleet file. */
export const SETTINGS_KEY = 'settings_key'
export const CONSOLE = 'router1'

/** Host of the technician's ssh_config → its short name in the lab. */
export const SHORT_NAMES = { [`oobm-relay-${RELAY}`]: 'relay', [DEVICE]: 'shell', [CONSOLE]: 'console' }

/** Seconds: short, so that a person who breaks something sees it noticed. */
const INTERVALS = { keepaliveS: 3, probeS: 5, selftestS: 20, timeoutS: 8, backoffMaxS: 4, slowRetryS: 5, stableS: 10 }

/** The prompt of a boot loader says nothing that a relay may not see. */
const ALERT_RULES = [{ name: 'ios-boot-loader', alertText: true }]

/** What is the operator's to say; the ports are TCP ports on 127.0.0.1. */
export interface LabFleet {
  /** The one login of relay and device: whoever runs the lab. */
  user: string
  relay: { port: number; hostKey: string; directory: string }
  device: {
    listenerPort: number
    shellPort: number
    shellHostKeyFile: string
    bridgePort: number
    led: string
    /** Path of the console's line. */
    equipment: string
  }
  /** The technician's public key. */
  technicianKey: string
  /** The public half of {@link SETTINGS_KEY}. */
  settingsKey: string
}

export function renderLabFleet({ user, relay, device, technicianKey, settingsKey }: LabFleet): string {
  const { hostKey, ...where } = relay
  return stringifyToml({
    version: 1,
    relays: [{ name: RELAY, host: '127.0.0.1', user, hostKeys: [hostKey], ...where }],
    devices: [
      {
        name: DEVICE,
        port: device.listenerPort,
        shellUser: user,
        consoles: [{ name: CONSOLE, path: device.equipment, alerts: ['ios'], alertRules: ALERT_RULES }],
        led: { backend: 'file', path: device.led },
        intervals: INTERVALS,
        shell: { port: device.shellPort, hostKeyFile: device.shellHostKeyFile },
        selftest: { user },
        bridge: { port: device.bridgePort },
      },
    ],
    technicians: [{ name: TECHNICIAN, keys: [technicianKey], consoles: 'all', shells: [DEVICE] }],
    settings: { signers: [settingsKey], key: SETTINGS_KEY },
  })
}
