/** States of a modem that the board dials, what each means in the field, and the status file of `oobm-modem`. */
import * as z from 'zod'
import { heartbeatSchema } from '../runtime/boot-clock.ts'

export interface ModemStateDescription {
  /** A whole clause: it follows the name of the modem and a colon. */
  meaning: string
  /** What somebody can do; empty if nothing. */
  remedy: string
  /** How `oobm doctor` counts it. */
  result: 'ok' | 'warning' | 'wrong'
}

/** Of what stands in its way first: no manager, no modem, no SIM, no network, no connection. */
export const MODEM_STATES = {
  'no-manager': {
    meaning: 'ModemManager does not answer',
    remedy: 'systemctl status ModemManager; on a system that lacks it: apt install modemmanager',
    result: 'wrong',
  },
  'no-modem': {
    meaning: 'no modem is found',
    remedy:
      'plug it in, and wait a minute; unplug and plug it once if it is there; lsusb shows whether the board sees it',
    result: 'wrong',
  },
  starting: { meaning: 'the modem starts', remedy: 'wait a minute', result: 'warning' },
  'no-sim': {
    meaning: 'there is no SIM in the modem',
    remedy: 'put the SIM in, the right way round, and plug the modem anew',
    result: 'wrong',
  },
  'sim-failed': {
    meaning: 'the modem cannot read the SIM',
    remedy: 'take the SIM out, clean its contacts, put it back, and plug the modem anew; else another SIM',
    result: 'wrong',
  },
  'pin-wanted': {
    meaning: 'the SIM wants a PIN',
    remedy: 'bring an oobm.toml with pin = "…" in [[cellular]], or switch the PIN off in a phone',
    result: 'wrong',
  },
  'pin-refused': {
    meaning: 'the SIM refused the PIN, and it is not tried again',
    remedy: 'bring an oobm.toml with the right pin in [[cellular]], or switch the PIN off in a phone',
    result: 'wrong',
  },
  'pin-last-try': {
    meaning: 'the SIM has one try left for its PIN, and the board does not take it',
    remedy: 'put the SIM into a phone and enter the right PIN there: then it has three tries again',
    result: 'wrong',
  },
  'puk-wanted': {
    meaning: 'the SIM is locked, and wants its PUK',
    remedy: 'put the SIM into a phone and enter the PUK there; the mobile operator has it',
    result: 'wrong',
  },
  locked: {
    meaning: 'the modem is locked to another mobile operator',
    remedy: 'use a SIM of the operator that sold it, or another modem',
    result: 'wrong',
  },
  failed: {
    meaning: 'the modem reports a fault',
    remedy: 'unplug it, wait ten seconds, plug it again',
    result: 'wrong',
  },
  'no-signal': {
    meaning: 'the modem hears no mobile network',
    remedy: 'check the antenna and its plug; bring it nearer to a window',
    result: 'wrong',
  },
  searching: {
    meaning: 'the modem looks for a mobile network that takes it',
    remedy: 'wait two minutes; then check the antenna, and whether the SIM is active',
    result: 'warning',
  },
  denied: {
    meaning: 'the mobile network does not let this SIM in',
    remedy: 'ask the mobile operator whether the SIM is active, and whether it may use this kind of network',
    result: 'wrong',
  },
  roaming: {
    meaning: 'the only network is a foreign one, and roaming is not allowed',
    remedy: 'if its price is known: roaming = true in [[cellular]]',
    result: 'wrong',
  },
  'apn-refused': {
    meaning: 'the mobile network does not know the APN',
    remedy: 'ask the mobile operator for the APN of this SIM, and bring it as apn in [[cellular]]',
    result: 'wrong',
  },
  'login-refused': {
    meaning: 'the mobile network refuses the login of the APN',
    remedy: 'ask the mobile operator for user and password of the APN, and bring them in [[cellular]]',
    result: 'wrong',
  },
  'not-connected': {
    meaning: 'the mobile network makes no connection',
    remedy: 'it is tried again; check the APN with the mobile operator, and whether the SIM has data left',
    result: 'wrong',
  },
  'dial-up-only': {
    meaning: 'the modem can only dial up (PPP), which is not supported',
    remedy: 'use a modem with QMI or MBIM, or one that looks like a network adapter',
    result: 'wrong',
  },
  'no-network-file': {
    meaning: 'the modem is connected, and the network could not be told',
    remedy: 'systemctl status systemd-networkd; journalctl -u oobm-modem -n 50',
    result: 'wrong',
  },
  connecting: { meaning: 'the modem connects', remedy: 'wait two minutes', result: 'warning' },
  connected: { meaning: 'connected', remedy: '', result: 'ok' },
} as const satisfies Record<string, ModemStateDescription>

export type ModemState = keyof typeof MODEM_STATES
const STATE_NAMES = Object.keys(MODEM_STATES) as [ModemState, ...ModemState[]]

/** Milliseconds since 1970. */
const instant = z.int()

const modemSchema = z.object({
  /** The interface of its entry in the settings, or `any`. */
  entry: z.string(),
  /** Its network interface; null while no modem is there, or one without. */
  interface: z.string().nullable(),
  model: z.string(),
  apn: z.string(),
  state: z.enum(STATE_NAMES),
  /** More about it, as part of a sentence; often empty. */
  cause: z.string(),
  /** Of this state and cause. */
  since: instant,
  operator: z.string(),
  /** LTE, 3G. */
  technology: z.string(),
  /** Null where the modem does not say. */
  signal: z.object({ percent: z.int(), at: instant }).nullable(),
  /** When it is tried again; null while nothing is planned. */
  retryAt: instant.nullable(),
})

/** `/run/oobm-modem/status.json`, written at every change and at every heartbeat. */
export const modemStatusSchema = z.object({
  version: z.literal(1),
  pid: z.int(),
  heartbeat: heartbeatSchema,
  modems: z.array(modemSchema),
})

export type ModemStatus = z.output<typeof modemStatusSchema>
export type ModemEntry = ModemStatus['modems'][number]

/** What it means, and more about it, in one line. */
export function describeModemState({ state, cause }: Pick<ModemEntry, 'state' | 'cause'>): string {
  return cause === '' ? MODEM_STATES[state].meaning : `${MODEM_STATES[state].meaning}: ${cause}`
}
