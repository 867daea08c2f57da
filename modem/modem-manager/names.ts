/** Names and numbers of ModemManager's D-Bus interface (its ModemManager-enums.h and introspection/), as far as they are used. */

export const MANAGER = 'org.freedesktop.ModemManager1'
export const ROOT = '/org/freedesktop/ModemManager1'
export const PROPERTIES = 'org.freedesktop.DBus.Properties'
/** Whatever it reports, and that it came or went. */
export const MATCHES = [
  `type='signal',sender='${MANAGER}'`,
  `type='signal',sender='org.freedesktop.DBus',member='NameOwnerChanged',arg0='${MANAGER}'`,
]

/** MMModemState. */
export const STATE = {
  failed: -1,
  unknown: 0,
  initializing: 1,
  locked: 2,
  disabled: 3,
  disabling: 4,
  enabling: 5,
  enabled: 6,
  searching: 7,
  registered: 8,
  disconnecting: 9,
  connecting: 10,
  connected: 11,
} as const

/** MMModemLock: the two that have to do with the SIM alone; 1 is none. */
export const LOCK = { none: 1, simPin: 2, simPuk: 4 } as const

/** MMModemStateFailedReason. */
export const FAILED = { simMissing: 2, simError: 3, esimWithoutProfiles: 5 } as const

/** MMModem3gppRegistrationState. */
export const REGISTRATION = { idle: 0, denied: 3 } as const
const ROAMING = [5, 7, 10]

export function isRoaming(registration: number): boolean {
  return ROAMING.includes(registration)
}

/** MMBearerIpMethod. */
export const METHOD = { ppp: 1, static: 2, dhcp: 3 } as const

/** MMBearerIpFamily. */
export const IP_FAMILY = { v4: 1, v6: 2, v4v6: 4 } as const

/** MMModemPortType. */
export const NET_PORT = 2

/** MMModemAccessTechnology, best first: what people call it. */
const TECHNOLOGIES: readonly [bit: number, name: string][] = [
  [15, '5G'],
  [14, 'LTE'],
  [16, 'LTE-M'],
  [17, 'NB-IoT'],
  [9, '3G (HSPA+)'],
  [8, '3G (HSPA)'],
  [7, '3G (HSUPA)'],
  [6, '3G (HSDPA)'],
  [5, '3G'],
  [4, '2G (EDGE)'],
  [3, '2G (GPRS)'],
  [1, '2G'],
]

/** The best of those in a mask; empty where it is none that is known. */
export function technologyName(mask: number): string {
  return TECHNOLOGIES.find(([bit]) => mask & (1 << bit))?.[1] ?? ''
}

/** The ends of D-Bus names of errors by which the network or the SIM says what is wrong; ModemManager-errors.h. */
export const ERRORS = {
  wrongPin: ['IncorrectPassword', 'SimPuk', 'SimWrong'],
  apn: [
    'MissingOrUnknownApn',
    'GprsMissingOrUnknownApn',
    'RequestedApnNotSupported',
    'ServiceOptionNotSubscribed',
    'GprsServiceOptionNotSubscribed',
    'ApnRestrictionIncompatible',
  ],
  login: ['UserAuthenticationFailed', 'GprsUserAuthenticationFailed', 'PdpAuthFailure', 'GprsPdpAuthFailure'],
} as const

export function isError(name: string, kind: keyof typeof ERRORS): boolean {
  const end = name.slice(name.lastIndexOf('.') + 1)
  return name.startsWith(`${MANAGER}.Error.`) && ERRORS[kind].some(one => one === end)
}
